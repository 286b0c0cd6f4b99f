from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from store.warehouse import PersonalColumnError, TableMissingError, Warehouse, WarehouseError


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "history")


def people(*person_ids: str, **columns: list[str]) -> pa.Table:
    return pa.table({"person_id": pa.array(person_ids, pa.string()), **columns})


@pytest.mark.parametrize("name", ["", "../up", "a/b", "a\\b", ".hidden", "a" * 65, "a b", "a\n", "..", "a;b"])
def test_a_name_cannot_leave_its_folder(name: str, warehouse: Warehouse, tmp_path: Path) -> None:
    for place in ((name, "t", "p"), ("w", name, "p"), ("w", "t", name)):
        with pytest.raises(WarehouseError, match="is not allowed"):
            warehouse.append(*place, people("P1"))
    assert not (tmp_path / "history").exists()


@pytest.mark.parametrize("column", ["email", "Phone", "first_name", "external_id"])
def test_a_personal_column_is_refused(column: str, warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(PersonalColumnError, match=column):
        warehouse.append("shop", "customers", "a", people("P1", **{column: ["x"]}))
    assert not (tmp_path / "history").exists()


def test_addresses_under_another_name_are_refused(warehouse: Warehouse) -> None:
    with pytest.raises(PersonalColumnError, match="note"):
        warehouse.append(
            "shop", "customers", "a", people("P1", "P2", note=["fine", "write to ann@shop.example please"])
        )


def test_a_table_that_was_never_written_is_named(warehouse: Warehouse) -> None:
    warehouse.append("shop", "customers", "a", people("P1"))
    with pytest.raises(TableMissingError, match=r"known tables: customers") as caught:
        warehouse.table("shop", "visits")
    assert caught.value.value == "visits"
