"""The triggers that keep whoever had a part in a proposal from signing it, and the list of them from shrinking."""

_TAKES_PART = """EXISTS (
        SELECT 1 FROM proposal_authors JOIN approvals ON approvals.proposal_id = proposal_authors.proposal_id
        WHERE approvals.approval_id = NEW.approval_id
        AND (proposal_authors.user_id = NEW.user_id OR proposal_authors.user_id = NEW.on_behalf_of))"""
_HAS_SIGNED = """EXISTS (
        SELECT 1 FROM signatures JOIN approvals ON approvals.approval_id = signatures.approval_id
        WHERE approvals.proposal_id = NEW.proposal_id
        AND (signatures.user_id = NEW.user_id OR signatures.on_behalf_of = NEW.user_id))"""
_NEVER_SIGNS = "four_eyes: who had a part in a proposal never signs it"
_STAYS = "four_eyes: the authors of a proposal are append-only"

SQLITE = (
    *(
        f"""CREATE TRIGGER signatures_four_eyes_{event.lower()} BEFORE {event} ON signatures
        WHEN {_TAKES_PART} BEGIN SELECT RAISE(ABORT, '{_NEVER_SIGNS}'); END"""
        for event in ("INSERT", "UPDATE")
    ),
    f"""CREATE TRIGGER proposal_authors_four_eyes BEFORE INSERT ON proposal_authors
    WHEN {_HAS_SIGNED} BEGIN SELECT RAISE(ABORT, '{_NEVER_SIGNS}'); END""",
    *(
        f"""CREATE TRIGGER proposal_authors_refuse_{event.lower()} BEFORE {event} ON proposal_authors
        BEGIN SELECT RAISE(ABORT, '{_STAYS}'); END"""
        for event in ("UPDATE", "DELETE")
    ),
)


def _function(name: str, refused: str, words: str) -> str:
    return f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF {refused} THEN RAISE EXCEPTION '{words}' USING ERRCODE = 'integrity_constraint_violation'; END IF;
        RETURN NEW;
    END $$"""


POSTGRESQL = (
    _function("signatures_four_eyes", _TAKES_PART, _NEVER_SIGNS),
    """CREATE TRIGGER signatures_four_eyes BEFORE INSERT OR UPDATE ON signatures
    FOR EACH ROW EXECUTE FUNCTION signatures_four_eyes()""",
    _function("proposal_authors_four_eyes", _HAS_SIGNED, _NEVER_SIGNS),
    """CREATE TRIGGER proposal_authors_four_eyes BEFORE INSERT ON proposal_authors
    FOR EACH ROW EXECUTE FUNCTION proposal_authors_four_eyes()""",
    _function("proposal_authors_refuse_change", "TRUE", _STAYS),
    """CREATE TRIGGER proposal_authors_refuse_change BEFORE UPDATE OR DELETE ON proposal_authors
    FOR EACH ROW EXECUTE FUNCTION proposal_authors_refuse_change()""",
    """CREATE TRIGGER proposal_authors_refuse_truncate BEFORE TRUNCATE ON proposal_authors
    FOR EACH STATEMENT EXECUTE FUNCTION proposal_authors_refuse_change()""",
)
