"""The phrases that filter an audience: each pattern of meanings with the filters that it states."""

from __future__ import annotations

from typing import Final, NamedTuple

from agents.planner.parser.audience_filters import (
    Build,
    called_segment,
    cancelled,
    category,
    constant,
    delivered,
    expires,
    gap,
    gap_since,
    looked,
    named,
    new_customers,
    number,
    plan_called,
    plan_held,
    quoted_segment,
    recent,
    subscribers,
    tier,
    times,
    top,
    within,
)
from agents.planner.parser.grammar import Pattern


class Rule(NamedTuple):
    """A pattern and what it builds."""

    pattern: Pattern
    build: Build


_SOURCES: Final[tuple[tuple[str, Build], ...]] = (
    ("SEGMENTWORD _2 o:\"|“|„|«|'|‘ ~6 c:\"|”|“|»|'|’", quoted_segment),
    ('o:"|“|„|« ~6 c:"|”|“|» SEGMENTWORD', quoted_segment),
    ("LOOKED _5 CART ~3 NOT", constant("browsed_not_bought", True)),
    ("b:LOOKED ~6 NOT|WITHOUT _3 BUY", looked),
    ("NOT|NO|WITHOUT _2 BUY _5 d:DUR", gap),
    ("NOT|NO|WITHOUT _4 BUY _5 SINCE _2 t:DATE", gap_since),
    ("SINCE? d:DUR _5 NOT|WITHOUT|NO _4 BUY", gap),
    ("SINCE t:DATE _4 NOT _4 BUY", gap_since),
    ("LASTBUY _3 IN|WITHIN LAST d:DUR", recent),
    ("LASTBUY _6 d:DUR", gap),
    ("INACTIVE _3 d:DUR", gap),
    ("INACTIVE PEOPLE %1 d:DUR", gap),
    ("d:DUR _1 INACTIVE", gap),
    ("DELIVERED _3 IN|WITHIN|LAST _2 d:DUR", within("delivered_within_days")),
    ("DELIVERED _4 d:DUR AGO?", delivered),
    ("d:DUR !AFTER|LATER _3 DELIVERED", within("delivered_within_days")),
    ("ABANDON _5 CART _4 d:DUR", within("cart_abandoned_days_max")),
    ("CART _6 ABANDON _4 d:DUR", within("cart_abandoned_days_max")),
    ("OBJ:cart_recovery _4 d:DUR", within("cart_abandoned_days_max")),
    ("LAST d:DUR ~4 CART _4 ABANDON", within("cart_abandoned_days_max")),
    ("CART _4 LAST d:DUR _2 ABANDON", within("cart_abandoned_days_max")),
    ("NEVERBOUGHT", constant("order_count", 0)),
    ("NOT _2 BUY YET", constant("order_count", 0)),
    ("b:BUY|BOUGHT _5 IN|WITHIN|DURING|OVER|SINCE? LAST _1 d:DUR", recent),
    ("b:BUY|BOUGHT _6 d:PASTDUR", recent),
    ("LAST _1 d:DUR _5 b:BUY|BOUGHT", recent),
    ("BUY|BOUGHT|ORDERS _2 bound:EXACTLY|MIN|MAX? n:ONCE|TWICE", times),
    ("bound:EXACTLY|MIN|MAX? n:ONCE|TWICE _1 BUY|BOUGHT", times),
    ("BUY|BOUGHT _1 bound:EXACTLY|MIN|MAX? n:NUM +? ORMORE? TIMES", times),
    ("bound:EXACTLY|MIN|MAX? n:NUM TIMES _1 BUY|BOUGHT", times),
    ("WITHPEOPLE _1 bound:EXACTLY|MIN|MAX? n:NUM +? ORMORE? ORDERS", times),
    ("ONETIME", constant("order_count", 1)),
    ("NEWSLETTER", subscribers),
    ("PEOPLE|WHO _4 b:BOUGHT", category),
    ("b:CATEGORYOF", category),
    ("WISHLIST", constant("wishlisted", True)),
    ("x:TIER SEGMENTWORD", called_segment),
    ("x:TIER", tier),
    ("EXISTING", constant("new_customer", False, 0.85)),
    ("PEOPLE _2 ON THE n:. PLANWORD", plan_called),
    ("FOR THE n:. PLANWORD", plan_called),
    ("PEOPLE _1 OF PLANWORD !TO|AND|DATE|THE|OF|EXPIRE n:.", plan_called),
    ("x:PLANWORD|PLANNAME ~4 EXPIRE _3 t:DATE", expires),
    ("x:PLANWORD|PLANNAME ~4 t:DATE _3 EXPIRE", expires),
    ("x:PLANNAME", plan_held),
    ("TRIAL _5 EXPIRE _3 d:DUR|DATE", within("trial_ends_within_days")),
    ("d:DUR|DATE _5 TRIAL _5 EXPIRE", within("trial_ends_within_days")),
    ("TRIAL _6 d:DUR _2 EXPIRE", within("trial_ends_within_days")),
    ("EXPIRE _2 TRIAL _3 d:DUR", within("trial_ends_within_days")),
    ("ONBOARDING _5 BEFORE|MAX STEP n:NUM", number("onboarding_step_lt")),
    ("NOT _3 STEP n:NUM", number("onboarding_step_lt")),
    ("BEFORE|MAX STEP n:NUM", number("onboarding_step_lt")),
    ("MIN n:NUM LOGIN|TIMES EVERY:month", number("logins_per_month_gt")),
    ("LOGIN MIN n:NUM TIMES EVERY:month", number("logins_per_month_gt")),
    ("POINTS _7 EXPIRE", constant("points_expiring", True)),
    ("EXPIRE _1 POINTS", constant("points_expiring", True)),
    ("WEB", constant("web_customer", True)),
    ("NOT|WITHOUT !USE _3 APP INSTALL?", constant("app_installed", False)),
    ("WITHPEOPLE _1 APP INSTALL?", constant("app_installed", True)),
    ("APPUSERS", constant("app_installed", True)),
    ("APP PEOPLE", constant("app_installed", True, 0.85)),
    ("CANCELLED _4 BETWEEN|FROM|IN? t:DATE AND|TO|UNTIL u:DATE", cancelled),
    ("CANCELLED _4 IN|WITHIN|DURING|LAST? _2 t:DATE|DUR", cancelled),
    ("IN|BETWEEN|LAST t:DATE|DUR _3 CANCELLED", cancelled),
    ("CHURN _2 DECILE ~2 n:NUM", number("churn_decile")),
    ("DECILE _2 n:NUM", number("churn_decile")),
    ("CHURN _3 SCORE _2 MIN n:NUM", number("churn_score_gt")),
    ("CHURN _1 MIN n:NUM", number("churn_score_gt")),
    ("TOP p:PCT _2 CLVWORD|PEOPLE", top),
    ("p:PCT _1 TOP CLVWORD|PEOPLE", top),
    ("TOP _2 p:PCT", top),
    ("x:TYPE", named("type", "TYPE:", 0.8)),
    ("x:SEGMENT", named("segment", "SEGMENT:", 0.75)),
)


RULES: Final = tuple(
    Rule(Pattern(source), build) for source, build in (*_SOURCES, ("NEWCUSTOMER", new_customers))
)
