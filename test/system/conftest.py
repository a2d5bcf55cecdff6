"""Fixtures: servers for the session, poolers for a test, and which poolers a test runs against.

Marks
  compat       the test also runs against Debian's PgBouncer: both must agree
  quick        part of the quick suite for sanitizer builds (there: uvbouncer with 2 workers only)
  workers(...) run uvbouncer only with these numbers of worker threads (default 1 and 2)
"""

import os

import pytest

from harness import net
from harness.certs import Authority
from harness.fake_server import FakeServer, trusting
from harness.pooler import Kind, Pooler
from harness.postgres import POSTGRES_18_PACKAGE, Postgres
from harness.questdb import QuestDB
from harness.recipe import start_recipe

PGBOUNCER = "/usr/sbin/pgbouncer"


def pytest_addoption(parser):
    group = parser.getgroup("uvbouncer")
    group.addoption("--build", help="build directory with the program uvbouncer")
    group.addoption("--deps", default="../../build/deps", help="directory with the fetched packages")
    group.addoption("--suite", default="full", choices=["full", "quick"])
    group.addoption("--kinds", default="pgbouncer,uv1,uv2", help="run only against these")
    group.addoption("--force-kind", help="run every test against this one, whatever its marks say")


def pytest_configure(config):
    for line in ("compat: runs against Debian's PgBouncer too", "quick: part of the quick suite",
                 "workers(*numbers): worker_threads of uvbouncer to run with"):
        config.addinivalue_line("markers", line)
    program = os.path.join(config.getoption("--build") or "", "uvbouncer")
    net.patience = 4.0 if _is_sanitizer_build(program) else 1.0


def _is_sanitizer_build(program):
    try:
        with open(program, "rb") as binary:
            content = binary.read()
    except OSError:
        return False
    return b"__tsan_init" in content or b"__asan_init" in content


def _kinds(config):
    program = os.path.join(config.getoption("--build") or "", "uvbouncer")
    return {"pgbouncer": Kind("pgbouncer", PGBOUNCER), "uv1": Kind("uvbouncer", program, 1),
            "uv2": Kind("uvbouncer", program, 2)}


def _kind_names(metafunc):
    config = metafunc.config
    forced = config.getoption("--force-kind")
    if forced:
        return [forced]
    if config.getoption("--suite") == "quick":
        return ["uv2"]
    marks = metafunc.definition
    workers = marks.get_closest_marker("workers")
    names = [f"uv{n}" for n in (workers.args if workers else (1, 2))]
    if marks.get_closest_marker("compat"):
        names.insert(0, "pgbouncer")
    wanted = config.getoption("--kinds").split(",")
    return [name for name in names if name in wanted]


def pytest_generate_tests(metafunc):
    if "kind" in metafunc.fixturenames:
        names = _kind_names(metafunc)
        kinds = _kinds(metafunc.config)
        metafunc.parametrize("kind", [kinds[name] for name in names], ids=names)


def pytest_collection_modifyitems(config, items):
    if config.getoption("--suite") == "quick":
        chosen = [item for item in items if item.get_closest_marker("quick")]
        config.hook.pytest_deselected(items=[item for item in items if not item.get_closest_marker("quick")])
        items[:] = chosen
    # A parameter set left empty by --kinds is no test at all.
    items[:] = [item for item in items if "NOTSET" not in item.name]


@pytest.fixture(scope="session")
def deps(request):
    """The directory of fetched packages."""
    return os.path.abspath(request.config.getoption("--deps"))


@pytest.fixture(scope="session")
def session_directory():
    with net.scratch_directory("uvbs") as path:
        yield path


@pytest.fixture(scope="session")
def authority(session_directory):
    """A CA; `server` is a (certificate, key) for localhost, `client` one for the user alice."""
    directory = os.path.join(session_directory, "tls")
    os.mkdir(directory)
    made = Authority(directory)
    made.server = made.issue("server")
    made.client = made.issue("client", "alice", names=())
    return made


@pytest.fixture(scope="session")
def postgres(session_directory, authority):
    """PostgreSQL 15 with TLS switched on."""
    directory = os.path.join(session_directory, "pg15")
    os.mkdir(directory)
    server = Postgres(directory, tls=(authority.ca, authority.server))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres18(session_directory, deps):
    """PostgreSQL 18."""
    directory = os.path.join(session_directory, "pg18")
    os.mkdir(directory)
    server = Postgres(directory, os.path.join(deps, POSTGRES_18_PACKAGE, "bin"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def libpq18(deps):
    """The library directory of libpq 18, for LD_LIBRARY_PATH."""
    return os.path.join(deps, POSTGRES_18_PACKAGE, "lib")


@pytest.fixture(scope="session")
def start_questdb(session_directory, deps):
    """Makes QuestDB servers: start_questdb(name, limits) returns a running one, kept for the session by its name."""
    running = {}

    def start(name="plain", **limits):
        if name not in running:
            directory = os.path.join(session_directory, "questdb-" + name)
            os.makedirs(directory)
            running[name] = QuestDB(directory, os.path.join(deps, "java/questdb.jar"),
                                    limits={key.replace("_", "."): value for key, value in limits.items()})
        return running[name]

    yield start
    for server in running.values():
        server.stop()


@pytest.fixture
def questdb(start_questdb):
    """A QuestDB as it comes."""
    return start_questdb()


@pytest.fixture
def recipe(start_pooler, kind, questdb, authority):
    """The published recipe in front of `questdb`, running."""
    return start_recipe(start_pooler, kind, questdb, authority)


@pytest.fixture
def slow_recipe(start_pooler, kind, start_questdb, authority):
    """The recipe in front of a QuestDB of its own, which slow queries may keep busy. Its two threads are all it has."""
    return start_recipe(start_pooler, kind, start_questdb("slow"), authority)


@pytest.fixture
def directory():
    """A short-named scratch directory of the test."""
    with net.scratch_directory() as path:
        yield path


@pytest.fixture
def start_pooler(kind, directory, request):
    """Makes poolers of the kind under test: start_pooler(databases, settings, ...) as Pooler. At the end each one must
    stop cleanly and have no sanitizer report."""
    started = []

    def start(databases=None, settings=None, **options):
        if databases is None:
            databases = {f"p{i}": request.getfixturevalue("postgres").database(f"p{i}") for i in range(3)}
        place = os.path.join(directory, f"pooler{len(started)}")
        os.mkdir(place)
        started.append(Pooler(kind, place, databases, settings, **options))
        return started[-1]

    yield start
    failures = []
    for pooler in started:
        try:
            pooler.stop()
        except AssertionError as failure:
            failures.append(failure)
    if failures or getattr(request.node, "failed", False):
        _print_logs(started)
    if failures:
        raise failures[0]


def _print_logs(poolers):
    for pooler in poolers:
        try:
            print(f"--- log of {pooler.kind.name} in {pooler.directory}\n{pooler.log()[-6000:]}")
        except OSError:
            print(f"--- stderr of {pooler.kind.name}\n{pooler.stderr()[-6000:]}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    if call.excinfo is not None:
        # Native tracebacks would begin deep inside pytest; only what happened in the test is of interest.
        call.excinfo.traceback = call.excinfo.traceback.cut(path=item.path)
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        item.failed = True


@pytest.fixture
def pooler(start_pooler):
    """A session-pooling pooler with trust authentication in front of PostgreSQL 15."""
    return start_pooler()


@pytest.fixture
def tx(start_pooler):
    """As `pooler`, but pooling transactions."""
    return start_pooler(settings={"pool_mode": "transaction"})


@pytest.fixture
def one_server(start_pooler):
    """As `tx`, with a single server."""
    return start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 1})


@pytest.fixture
def front_tls(authority):
    """Settings with which clients may use TLS."""
    cert, key = authority.server
    return {"client_tls_sslmode": "allow", "client_tls_cert_file": cert, "client_tls_key_file": key}


@pytest.fixture
def fake_server():
    """Makes scripted servers: fake_server(script) returns a running FakeServer."""
    started = []

    def start(script=trusting):
        started.append(FakeServer(script))
        return started[-1]

    yield start
    for server in started:
        server.__exit__(None)


@pytest.fixture
def table(postgres):
    """The name of a new empty table t(v text) in database p0."""
    name = "t" + os.urandom(6).hex()
    with postgres.connect("p0") as connection:
        connection.execute(f"create table {name} (v text)")
        connection.execute(f"grant all on {name} to public")
    yield name
    with postgres.connect("p0") as connection:
        connection.execute(f"drop table if exists {name}")
