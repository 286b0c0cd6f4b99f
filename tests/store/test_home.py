from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from store.home import (
    Home,
    HomeExistsError,
    HomeNotFoundError,
    HomeOwnedError,
    HomeSettings,
    HomeSettingsError,
    Owner,
    create_home,
    home_lock,
    open_home,
    owner_of,
)
from store.keys import API_KEY_LENGTH, AuditKeys, key_sha256, new_key

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

HOLD = """
import sys
from pathlib import Path
from store.home import home_lock, open_home
with home_lock(open_home(Path(sys.argv[1]))) as lock:
    lock.publish("http://127.0.0.1:8123")
    print("held", flush=True)
    sys.stdin.readline()
"""


def settings(**changes: object) -> HomeSettings:
    values = {"home_id": "H", "seed": 1, "created_at": AT, "currency": "EUR", "timezone": "Europe/Berlin"}
    return HomeSettings.model_validate({**values, **changes})


def test_a_home_opens_as_it_was_made(tmp_path: Path):
    made = create_home(tmp_path / "home", settings(kind="demo", clock="replay", allowed_channels=("replay",)))
    assert open_home(tmp_path / "home").settings == made.settings
    assert all(each.is_dir() for each in made.directories)


def test_a_home_is_private(tmp_path: Path):
    home = create_home(tmp_path / "deep" / "home", settings())
    assert home.path.stat().st_mode & 0o777 == 0o700
    assert {each.stat().st_mode & 0o777 for each in home.directories} == {0o700}
    assert home.settings_file.stat().st_mode & 0o777 == 0o600


def test_every_path_lies_inside_the_home(tmp_path: Path):
    home = create_home(tmp_path / "home", settings())
    files = (home.operational_db, home.identity_db, home.checkpoints_db, home.jobs_db, home.lock_file)
    assert all(each.is_relative_to(home.path) for each in (*files, *home.directories))
    assert len({*files, *home.directories, home.settings_file}) == len(files) + len(home.directories) + 1


def test_an_empty_directory_may_become_a_home(tmp_path: Path):
    (tmp_path / "home").mkdir(mode=0o755)
    assert create_home(tmp_path / "home", settings()).path.stat().st_mode & 0o777 == 0o700


def test_a_server_address_serves_both_databases(tmp_path: Path):
    home = create_home(tmp_path / "home", settings(operational_url="postgresql+psycopg://u@h/d"))
    database = home.database()
    assert database.dialect == "postgresql"
    assert database.identity_url == database.operational_url


def test_a_directory_in_use_is_refused_and_left_alone(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(HomeExistsError, match="not empty"):
        create_home(tmp_path, settings())
    assert [each.name for each in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_in_the_way_is_refused(tmp_path: Path):
    (tmp_path / "home").write_text("mine")
    with pytest.raises(HomeExistsError):
        create_home(tmp_path / "home", settings())


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_place_without_a_home_names_the_remedy(tmp_path: Path, name: str):
    with pytest.raises(HomeNotFoundError, match="countersign init"):
        open_home(tmp_path / name)


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "euro"},
        {"currency": "eur"},
        {"timezone": "Berlin"},
        {"seed": -1},
        {"home_id": ""},
        {"kind": "test"},
        {"clock": "fast"},
        {"schema_version": 2},
        {"created_at": "2026-11-21T09:00:00"},
        {"colour": "red"},
        {"kind": "demo", "allowed_channels": ["replay", "email"]},
    ],
)
def test_settings_that_break_a_rule_are_refused(changes: dict[str, object]):
    with pytest.raises(ValidationError):
        settings(**changes)


@pytest.mark.parametrize(
    ("content", "why"), [("{", "JSON"), ("{}", "home_id"), ('{"colour": "red"}', "colour"), ("\xff", "JSON")]
)
def test_broken_settings_are_named(home: Home, content: str, why: str):
    home.settings_file.write_text(content, encoding="latin-1")
    with pytest.raises(HomeSettingsError, match=why):
        open_home(home.path)


def test_a_free_home_has_no_owner(home: Home):
    assert owner_of(home) is None
    with home_lock(home):
        assert owner_of(home) == Owner(pid=os.getpid())
    assert owner_of(home) is None


def test_the_owner_publishes_its_address(home: Home):
    with home_lock(home) as lock:
        lock.publish("http://127.0.0.1:8000")
        assert owner_of(home) == Owner(pid=os.getpid(), url="http://127.0.0.1:8000")


def test_a_second_owner_is_refused_by_name(home: Home):
    with home_lock(home) as lock:
        lock.publish("http://127.0.0.1:8000")
        with pytest.raises(
            HomeOwnedError, match=rf"process {os.getpid()}; use its address http://127"
        ) as caught:
            home_lock(home).__enter__()
        assert caught.value.owner == Owner(pid=os.getpid(), url="http://127.0.0.1:8000")
        assert owner_of(home) is not None


def test_an_error_in_the_block_frees_the_home(home: Home):
    with pytest.raises(ZeroDivisionError), home_lock(home):
        raise ZeroDivisionError
    assert owner_of(home) is None
    with home_lock(home):
        pass


def test_the_lock_of_a_killed_process_is_taken_over(home: Home):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.path)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert owner_of(home) == Owner(pid=other.pid, url="http://127.0.0.1:8123")
        with pytest.raises(HomeOwnedError, match=str(other.pid)):
            home_lock(home).__enter__()
        other.send_signal(signal.SIGKILL)
        other.wait(10)
        assert owner_of(home) is None
        with home_lock(home):
            assert owner_of(home) == Owner(pid=os.getpid())


def test_the_lock_file_is_private(home: Home):
    with home_lock(home):
        assert home.lock_file.stat().st_mode & 0o777 == 0o600


def test_an_api_key_is_long_random_and_kept_as_a_hash():
    first, second = new_key(), new_key()
    assert first.plain.startswith("cs_")
    assert len(first.plain) == API_KEY_LENGTH == 46
    assert first.plain != second.plain
    assert first.sha256 == key_sha256(first.plain)
    assert key_sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_signing_keys_are_made_once_and_private(tmp_path: Path):
    keys = AuditKeys(tmp_path)
    assert list(tmp_path.iterdir()) == []
    signature = keys.sign("a" * 64)
    assert {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {
        "audit_ed25519": 0o600,
        "audit_ed25519.pub": 0o600,
    }
    again = AuditKeys(tmp_path)
    assert again.sign("a" * 64) == signature
    assert again.is_signed("a" * 64, signature)
    assert not again.is_signed("b" * 64, signature)
    assert not again.is_signed("a" * 64, "not base 64")


def test_a_lost_public_key_comes_back_with_the_next_signature(tmp_path: Path):
    signature = AuditKeys(tmp_path).sign("a")
    (tmp_path / "audit_ed25519.pub").unlink()
    AuditKeys(tmp_path).sign("b")
    assert AuditKeys(tmp_path).is_signed("a", signature)
