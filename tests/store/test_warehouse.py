from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from store.warehouse import TableMissingError, Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "history")


def people(*person_ids: str, **columns: list[object]) -> pa.Table:
    return pa.table({"person_id": pa.array(person_ids, pa.string()), **columns})


def test_parts_add_up_and_absent_columns_are_unknown(warehouse: Warehouse) -> None:
    warehouse.append("shop", "customers", "a", people("P1", "P2", spend=[1.5, 2.5]))
    warehouse.append("shop", "customers", "b", people("P3", tier=["gold"]))
    rows = warehouse.arrow(warehouse.table("shop", "customers").order_by("person_id"))
    assert rows["spend"].to_pylist() == [1.5, 2.5, None]
    assert rows["tier"].to_pylist() == [None, None, "gold"]


def test_a_part_is_invisible_until_it_is_published(warehouse: Warehouse) -> None:
    staged = warehouse.stage("shop", "customers", "a", people("P1"))
    assert warehouse.parts("shop", "customers") == ()
    staged.publish()
    assert len(warehouse.parts("shop", "customers")) == 1


def test_a_discarded_part_leaves_no_file(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.stage("shop", "customers", "a", people("P1")).discard()
    published = warehouse.stage("shop", "customers", "b", people("P1"))
    published.publish()
    published.discard()
    assert [path for path in (tmp_path / "history").rglob("*") if path.is_file()] == []


def test_the_same_part_written_again_counts_once(warehouse: Warehouse) -> None:
    for _ in range(2):
        warehouse.append("shop", "customers", "a", people("P1", "P2"))
    assert warehouse.execute(warehouse.table("shop", "customers").select("person_id"))["person_id"].size == 2


def test_workspaces_do_not_see_each_other(warehouse: Warehouse) -> None:
    warehouse.append("one", "customers", "a", people("P1"))
    assert warehouse.tables("one") == ("customers",)
    assert warehouse.tables("two") == ()
    with pytest.raises(TableMissingError):
        warehouse.table("two", "customers")


def test_kinds_name_what_a_column_holds(warehouse: Warehouse) -> None:
    warehouse.append(
        "shop",
        "customers",
        "a",
        people("P1", day=[date(2026, 1, 1)], orders=[3], spend=[1.5], web=[True], tier=["gold"]),
    )
    assert warehouse.kinds("shop", "customers") == {
        "person_id": "text",
        "day": "date",
        "orders": "integer",
        "spend": "number",
        "web": "flag",
        "tier": "text",
    }
    assert warehouse.kinds("shop", "nothing") == {}


def test_deleting_people_takes_their_rows_out_of_every_table(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.append("shop", "customers", "a", people("P1", "P2"))
    warehouse.append("shop", "visits", "a", people("P1", "P1", "P3"))
    warehouse.append("shop", "totals", "a", pa.table({"day": [1], "visits": [3]}))
    before = warehouse.table("shop", "visits")
    assert warehouse.delete_people("shop", ["P1"]) == 3
    assert warehouse.execute(before.select("person_id"))["person_id"].tolist() == ["P3"]
    assert warehouse.execute(warehouse.table("shop", "customers").select("person_id"))[
        "person_id"
    ].tolist() == ["P2"]
    assert not any(b"P1" in path.read_bytes() for path in (tmp_path / "history").rglob("*.parquet"))


def test_many_threads_read_while_parts_are_added(warehouse: Warehouse) -> None:
    warehouse.append("shop", "customers", "0", people("P0"))

    def read(_: int) -> int:
        table = warehouse.table("shop", "customers")
        return int(warehouse.execute(table.aggregate(n=table.count()))["n"][0])

    with ThreadPoolExecutor(4) as pool:
        counts = [pool.submit(read, i) for i in range(20)]
        for part in range(1, 6):
            warehouse.append("shop", "customers", str(part), people(f"P{part}"))
        assert all(1 <= count.result() <= 6 for count in counts)
    assert read(0) == 6


def test_two_warehouses_on_one_folder_see_each_others_parts(tmp_path: Path, warehouse: Warehouse) -> None:
    other = Warehouse(tmp_path / "history")
    warehouse.append("shop", "customers", "a", people("P1"))
    assert other.execute(other.table("shop", "customers").select("person_id"))["person_id"].tolist() == ["P1"]
    other.append("shop", "customers", "b", people("P2"))
    table = warehouse.table("shop", "customers").order_by("person_id")
    assert warehouse.execute(table.select("person_id"))["person_id"].tolist() == ["P1", "P2"]


def test_a_closed_warehouse_opens_again(warehouse: Warehouse) -> None:
    warehouse.append("shop", "customers", "a", people("P1"))
    warehouse.table("shop", "customers")
    warehouse.close()
    assert warehouse.execute(warehouse.table("shop", "customers").select("person_id"))["person_id"].size == 1


def test_what_is_known_of_a_table_is_worked_out_again_when_its_parts_change(warehouse: Warehouse) -> None:
    def rows() -> int:
        return warehouse.known("shop", "customers", "rows", lambda: next(counted))

    counted = iter(range(10))
    warehouse.append("shop", "customers", "a", people("P1", "P2"))
    assert [rows(), rows()] == [0, 0]
    Warehouse(warehouse._history_dir).append(
        "shop", "customers", "b", people("P3")
    )  # as another process does
    assert [rows(), rows()] == [1, 1]
    warehouse.append("shop", "customers", "a", people("P1"))  # the same part anew
    assert rows() == 2
    warehouse.delete_people("shop", ["P3"])
    assert rows() == 3
    warehouse.remove_part("shop", "customers", "b")
    assert [rows(), rows()] == [4, 4]
    assert warehouse.known("shop", "customers", "names", lambda: "a") == "a"


def test_what_one_workspace_knows_is_not_told_to_another(warehouse: Warehouse) -> None:
    for workspace in ("one", "two"):
        warehouse.append(workspace, "customers", "a", people("P1"))
    assert warehouse.known("one", "customers", "rows", lambda: 1) == 1
    assert warehouse.known("two", "customers", "rows", lambda: 2) == 2
