"""The documented recipe for TLS in front of QuestDB, with nothing but paths, host and ports filled in."""

import os

ADMIN_HASH = "md5aa7b8f44e313c9a8b51930cfd1cf3210"  # of admin's password "quest"

_INI = """\
[databases]
questdb = host=127.0.0.1 port={questdb} dbname=questdb

[pgbouncer]
listen_addr = 0.0.0.0
listen_port = {port}
auth_type = md5
auth_file = {directory}/userlist.txt
pool_mode = session
max_client_conn = 1000
default_pool_size = 25
client_tls_sslmode = require
client_tls_cert_file = {cert}
client_tls_key_file = {key}
client_tls_protocols = secure
logfile = {directory}/pgbouncer.log
pidfile = {directory}/pgbouncer.pid
admin_users = admin
"""

# As the documentation also prints it, with comments behind the values.
_COMMENTED = {
    "pool_mode = session": "pool_mode = session              # Required for QuestDB",
    "max_client_conn = 1000": "max_client_conn = 1000           # Maximum client connections",
    "default_pool_size = 25": "default_pool_size = 25           # Connections per database per user",
    "client_tls_sslmode = require": "client_tls_sslmode = require     # Require TLS",
    "client_tls_protocols = secure": "client_tls_protocols = secure    # TLS 1.2 and 1.3 only",
}


def recipe_ini(questdb_port, port, directory, cert, key, comments=False, extra=""):
    text = _INI.format(questdb=questdb_port, port=port, directory=directory, cert=cert, key=key)
    if comments:
        for plain, commented in _COMMENTED.items():
            text = text.replace(plain, commented)
    return text + extra


def start_recipe(start_pooler, kind, questdb, authority, comments=False, extra="", secret=ADMIN_HASH, **edits):
    """A pooler with the recipe's configuration; `extra` is appended to [pgbouncer], `edits` replace values by key."""
    cert, key = authority.server
    pooler = start_pooler({}, users={"admin": secret}, start=False)
    text = recipe_ini(questdb.port, pooler.port, pooler.directory, cert, key, comments, extra)
    for name, value in edits.items():
        text = "\n".join(f"{name} = {value}" if line.startswith(name + " ") else line for line in text.split("\n"))
    # The recipe leaves the Unix socket in its default place, which parallel tests and PostgreSQL share.
    text += f"unix_socket_dir = {pooler.directory}\n"
    if kind.is_uvbouncer:
        text += f"[uvbouncer]\nworker_threads = {kind.workers}\n"
    pooler._ini = text
    with open(pooler.userlist_path, "w") as userlist:
        userlist.write(f'"admin" "{secret}"\n')
    with open(pooler.ini_path, "w") as ini:
        ini.write(text)
    pooler.start()
    assert os.path.exists(pooler.log_path)
    return pooler
