"""The only composition root: opens everything a home needs, in order, and closes it in the opposite order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from agents.checkpoints import open_checkpoints
from agents.crew import LiveCrew
from agents.models.interface import ModelProvider
from agents.propose.deciding import Launcher
from agents.propose.graph import ProposeGraph, build_propose
from agents.pruning import PRUNE, Pruning
from agents.review.graph import build_review
from agents.threads import Started, Threads
from agents.workbench import Workbench
from api.engine import Engine
from api.memories import Memories, learn_claim
from api.progress import Listener, ProgressHub
from api.providers import Providers, providers_of
from api.reporting import report_page
from api.reviews import Reviews
from api.settings import Settings
from delivery.channels.email import EmailChannel
from delivery.decisions.learning import Learner
from delivery.drive import Driver, Handlers, job_handlers
from delivery.email.links import Links
from delivery.features import CustomerFeatures
from delivery.jobs import OWNER, Jobs
from delivery.journeys.entering import enter_journeys
from delivery.launch import launch
from delivery.notifications.mail import SmtpMailer
from delivery.notifications.outbox import Notifications
from delivery.policy_changes import apply_change
from delivery.ports import Ports
from policies.errors import NotFoundError
from policies.policy_change import KIND as POLICY_CHANGE
from store.audit import AuditLog
from store.clock import Clock, ReplayClock, WallClock
from store.database import Database, migrate
from store.home import Home, HomeLock, home_lock
from store.ids import IdSource, RandomIds
from store.keys import LinkKeys, WebhookKeys
from store.repositories.campaigns import campaign_of_thread, get_proposal
from store.repositories.leases import Work, free_leases
from store.repositories.managed import SCHEMA as MANAGED_VERSION
from store.repositories.told_people import tell_of_people
from store.tables import Approval
from store.threads import in_thread
from store.warehouse import Warehouse


@dataclass(frozen=True)
class App:
    """One opened home. `busy` are the campaigns whose thread is running in this process, `tasks` those runs; `closing` is set
    when the process is about to end, so that streams end by themselves."""

    home: Home
    settings: Settings
    lock: HomeLock
    bench: Workbench
    ports: Ports
    threads: Threads
    reviews: Reviews
    engine: Engine
    hub: ProgressHub
    links: Links
    email: EmailChannel | None
    busy: set[str] = field(default_factory=set)
    tasks: set[asyncio.Task[Started | None]] = field(default_factory=set)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def database(self) -> Database:
        """The home's databases."""
        return self.bench.database

    @property
    def warehouse(self) -> Warehouse:
        """The home's history."""
        return self.bench.warehouse

    @property
    def clock(self) -> Clock:
        """The home's time."""
        return self.bench.clock

    @property
    def ids(self) -> IdSource:
        """The home's source of ids."""
        return self.bench.ids

    @property
    def audit(self) -> AuditLog:
        """The home's audit log."""
        return self.bench.audit

    @property
    def models(self) -> ModelProvider:
        """The model that the agents speak with."""
        return self.bench.models


@dataclass(frozen=True)
class Watching:
    """Who hears what happens in the home, whoever started it: agents' steps, and each unit of due work."""

    agents: Listener | None = None
    work: Callable[[Work], None] | None = None


_NOBODY = Watching()


@asynccontextmanager
async def open_app(home: Home, settings: Settings, *, watching: Watching = _NOBODY) -> AsyncIterator[App]:
    """Own a home and open all of it; HomeOwnedError when another living process does, PostgresUnreachableError without
    its server.

    No due work is carried out before `app.engine` is started or settled.
    """
    async with AsyncExitStack() as stack:
        lock = stack.enter_context(home_lock(home))
        await in_thread(home.require_servers)
        database = home.database()
        stack.callback(database.close)
        await in_thread(migrate, database)
        await in_thread(_free_leases, database, lock)
        yield await _assembled(stack, home, settings, lock, database, watching)


def _free_leases(database: Database, lock: HomeLock) -> None:
    with database.write(durable=True) as session:
        free_leases(session, shared=lock.shared)


def _tell_of_people(bench: Workbench) -> None:
    tell_of_people(bench.database, bench.audit, bench.clock.now())


async def _assembled(
    stack: AsyncExitStack,
    home: Home,
    settings: Settings,
    lock: HomeLock,
    database: Database,
    watching: Watching,
) -> App:
    hub = ProgressHub(lambda thread_id: _conversation_of(database, thread_id), watching.agents)
    bench = _bench(stack, home, settings, database, hub)
    await in_thread(_tell_of_people, bench)
    links = Links(settings.public_url, LinkKeys(home.keys_dir))
    providers = providers_of(home, settings.email, database, links, bench.clock)
    if providers.email is not None:
        stack.push_async_callback(providers.email.aclose)
    ports = _ports(settings, bench, providers)
    checkpoints = await stack.enter_async_context(open_checkpoints(home.checkpoints))
    crew = LiveCrew(bench)
    threads = Threads(bench, build_propose(bench, crew, _launcher(ports), checkpoints))
    reviews = Reviews(bench, build_review(bench, crew, checkpoints), home.reports_dir, report_page)
    pruning = Pruning(bench, checkpoints, settings.thread_days)
    engine = _engine(home, settings, ports, threads, reviews, watching, pruning)
    stack.push_async_callback(engine.close)
    app = App(home, settings, lock, bench, ports, threads, reviews, engine, hub, links, providers.email)
    stack.push_async_callback(_finish, app.tasks)
    return app


def _bench(
    stack: AsyncExitStack, home: Home, settings: Settings, database: Database, hub: ProgressHub
) -> Workbench:
    replays = home.settings.clock == "replay"
    clock: Clock = ReplayClock(database, home.settings.home_id) if replays else WallClock()
    warehouse = Warehouse(home.history_dir)
    stack.callback(warehouse.close)
    memories = Memories(database, home.memory_dir)
    stack.callback(memories.close)
    models = ModelProvider(settings.model, settings.prices)
    stack.push_async_callback(models.aclose)
    return Workbench(
        database=database,
        warehouse=warehouse,
        memory=memories.of,
        models=models,
        clock=clock,
        ids=RandomIds(clock),
        audit=AuditLog(home.keys_dir),
        limits=settings.limits,
        progress=hub.tell,
    )


async def _finish(tasks: set[asyncio.Task[Started | None]]) -> None:
    """Let the threads that are running come to their next stop."""
    if tasks:
        await asyncio.wait(tasks)


def propose_graph(app: App) -> ProposeGraph:
    """Return the propose graph of an opened home for a server that brings its own checkpointer."""
    return build_propose(app.bench, LiveCrew(app.bench), _launcher(app.ports), None)


def _ports(settings: Settings, bench: Workbench, providers: Providers) -> Ports:
    return Ports(
        database=bench.database,
        warehouse=bench.warehouse,
        clock=bench.clock,
        ids=bench.ids,
        audit=bench.audit,
        channels=providers.channels,
        outcomes=providers.outcomes,
        features=CustomerFeatures(bench.warehouse),
        unsubscribe_url=settings.unsubscribe_url,
    )


def _launcher(ports: Ports) -> Launcher:
    async def launcher(approval_id: str) -> str:
        return (await in_thread(launch, ports, approval_id)).launch_id

    return launcher


def _engine(
    home: Home,
    settings: Settings,
    ports: Ports,
    threads: Threads,
    reviews: Reviews,
    watching: Watching,
    pruning: Pruning,
) -> Engine:
    async def resume(approval_id: str) -> None:
        if await in_thread(_changes_rules, ports.database, approval_id):
            if await in_thread(apply_change, ports, approval_id):
                await in_thread(learn_claim, ports.database, threads.bench.memory, approval_id)
        else:
            await threads.resume_approval(approval_id)

    notifications = Notifications(
        ports,
        mailer=None if settings.smtp.host is None else SmtpMailer(settings.smtp),
        keys=WebhookKeys(home.keys_dir),
        public_url=settings.public_url,
    )
    due = job_handlers(ports, Handlers(resume, reviews.review, threads.carry_on, notifications.tell))
    executor = ports.ids.new() if home.settings.shared else OWNER
    jobs = Jobs(home.jobs, {**due, PRUNE: pruning.job}, executor=executor)
    driver = Driver(
        ports,
        jobs,
        told=watching.work,
        sweeps=(
            notifications.sweep,
            Learner(ports.database, ports.clock).sweep,
            partial(enter_journeys, ports),
        ),
        daily=(PRUNE,),
    )
    return Engine(ports.clock, jobs, driver)


def _changes_rules(database: Database, approval_id: str) -> bool:
    with database.read() as session:
        approval = session.get(Approval, approval_id)
        if approval is None:
            raise NotFoundError(f"there is no approval {approval_id}", value=approval_id)
        proposal = get_proposal(session, approval.workspace_id, approval.proposal_id)
        return proposal.kind == POLICY_CHANGE or proposal.graph_version == MANAGED_VERSION


def _conversation_of(database: Database, thread_id: str) -> str | None:
    with database.read() as session:
        campaign = campaign_of_thread(session, thread_id)
        return None if campaign is None else campaign.conversation_id
