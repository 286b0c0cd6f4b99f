"""Policy changes that cannot be are refused with their reason, and leave nothing behind."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Open, Proposed

Asked = tuple[str, str, dict[str, Any] | None, int, str]
REFUSED: list[Asked] = [
    ("Root", "/v1/policies", {"rules": {"approval_days": 0}}, 422, "workspace_rules"),
    ("Root", "/v1/policies", {"rules": {"approval_days": 91}}, 422, "workspace_rules"),
    ("Root", "/v1/policies", {"rules": {"approval_days": "soon"}}, 422, "workspace_rules"),
    ("Root", "/v1/policies", {"rules": {"escalate_after_share": "NaN"}}, 422, "workspace_rules"),
    (
        "Root",
        "/v1/policies",
        {"rules": {"risk": {"medium_people": 9, "high_people": 3}}},
        422,
        "workspace_rules",
    ),
    ("Root", "/v1/policies", {"rules": {"rule_of_thumb": 1}}, 422, "workspace_rules"),
    ("Root", "/v1/policies", {"rules": {"approval_days": 7}}, 409, "nothing_changes"),
    ("Root", "/v1/policies", {"rules": {}}, 422, "invalid_input"),
    ("Root", "/v1/policies", {"rules": []}, 422, "invalid_input"),
    ("Root", "/v1/policies", {"rules": {"approval_days": 5}, "reason": "x" * 501}, 422, "invalid_input"),
    ("Root", "/v1/policies", {"rules": {"approval_days": 5}, "reason": "a@b.de"}, 422, "address_in_text"),
    ("Ada", "/v1/policies", {"rules": {"approval_days": 5}}, 403, "not_authorised"),
    ("Grace", "/v1/policies", {"rules": {"approval_days": 5}}, 403, "not_authorised"),
    ("Grace", "/v1/users", {"name": "Eve", "roles": ["admin"]}, 403, "not_authorised"),
    ("Root", "/v1/users", {"name": "Ada", "roles": ["legal"]}, 409, "name_taken"),
    ("Root", "/v1/users", {"name": " "}, 422, "invalid_input"),
    ("Root", "/v1/users", {"name": "Eve", "roles": ["king"]}, 422, "role_unknown"),
    ("Root", "/v1/users/Nobody/roles", {"role": "legal"}, 404, "user_not_found"),
    ("Root", "/v1/users/Ada/roles", {"role": "king"}, 422, "role_unknown"),
    ("Root", "/v1/users/Ada/roles", {"role": "marketer"}, 409, "nothing_changes"),
    ("Grace", "/v1/users/Grace/roles", {"role": "admin"}, 403, "not_authorised"),
    ("Root", "/v1/users/Nobody/keys", {}, 404, "user_not_found"),
    ("Root", "/v1/users/Ada/keys", {"label": " "}, 422, "invalid_input"),
    ("Ada", "/v1/users/Grace/keys", {}, 403, "not_authorised"),
    ("Root", "/v1/webhooks/nothing/secret", None, 404, "not_found"),
    ("Ada", "/v1/webhooks/nothing/secret", None, 403, "not_authorised"),
    ("Grace", "/v1/approvals/nothing/key-half", None, 404, "not_found"),
    ("Grace", "/v1/approvals/{approval}/key-half", None, 404, "not_found"),
]


async def test_each_is_refused_by_name_and_nothing_is_proposed(open_shop: Open, proposed: Proposed) -> None:
    wrong: list[str] = []
    async with open_shop(proposed.shop) as opened:
        for who, path, body, status, code in REFUSED:
            options: dict[str, Any] = {} if body is None else {"json": body}
            got = await opened.call(who, "POST", path.format(approval=proposed.approval_id), **options)
            if got.status_code != status or (code and got.json()["error"] != code):
                wrong.append(f"{who} {path} {body}: {got.status_code} {got.text[:200]}")
        listed = (await opened.call("Ada", "GET", "/v1/approvals")).json()
    assert not wrong, "\n".join(wrong)
    assert [line["kind"] for line in listed] == ["campaign"]


async def test_limits_and_a_stranger_s_digest_approve_no_change(open_shop: Open, proposed: Proposed) -> None:
    async with open_shop(proposed.shop) as opened:
        made = (await opened.call("Root", "POST", "/v1/users/Ada/roles", json={"role": "legal"})).json()
        hook = (
            await opened.call("Root", "POST", "/v1/webhooks", json={"url": "https://hooks.example.org/"})
        ).json()
        path = f"/v1/approvals/{made['approval_id']}/resolve"
        limited = {"answer": "approve_limited", "digest": made["digest"], "limits": {"budget_minor": 1}}
        for body, status in (
            (limited, 422),
            ({"answer": "approve", "digest": proposed.digest}, 409),
            ({"answer": "approve", "digest": hook["digest"]}, 409),
            ({"answer": "reject", "digest": made["digest"]}, 422),
        ):
            assert (await opened.call("Grace", "POST", path, json=body)).status_code == status
        edit = await opened.call(
            "Ada",
            "POST",
            f"/v1/proposals/{made['proposal_id']}/edit",
            json={"digest": made["digest"], "budget_minor": 1},
        )
        half = await opened.call("Grace", "POST", f"/v1/approvals/{hook['approval_id']}/key-half")
    assert (edit.status_code, half.status_code) == (422, 422)
