"""How a server of ours is set: what nobody may turn off, and what we choose first for a small machine."""

# Given with the command, so that no file can say otherwise.
FIXED = {
    "listen_addresses": "",
    "port": "5432",  # of the socket's name
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",  # each day's file is written over a week later
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_min_messages": "log",  # from here on: no statement, value or detail reaches the log
    "log_min_error_statement": "panic",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_statement": "none",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_lock_waits": "off",
    "debug_print_parse": "off",
    "debug_print_rewritten": "off",
    "debug_print_plan": "off",
}

FIRST_CHOICES = """
# Chosen by fediverse_circle for a small machine; change what you like, this is not written again.
shared_buffers = 32MB
max_connections = 100
max_wal_size = 256MB
max_logical_replication_workers = 0             # nobody replicates a server of our own
jit = off
autovacuum_vacuum_insert_scale_factor = 0.02    # listings need the visibility map, and most tables only grow
autovacuum_analyze_scale_factor = 0.05
"""
