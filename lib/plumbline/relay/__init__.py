"""A command beside a running server: the socket in the workspace's folder, who may use it, and what passes over it.

DuckDB gives a file to one process. So a command whose workspace is held by a server of this machine is run by that
server. The command line reads its arguments, makes paths whole and asks; the server runs the command's function in a
thread, on the workspace that it has, and sends back words, progress and the exit code. ``console.TERMINAL`` holds what
a command speaks to, so that many run at once; a test holds that commands use nothing else. A file to load is linked or
copied into the inbox, as the server's connection reads no other folder; a document is written by the caller, with the
caller's rights. Ctrl-C, the caller's end and the server's own stop call a command off: its statements are interrupted,
its transaction is taken back, and what it had committed before is kept and said (``store.database.cancellation``).

The socket (``NAME.sock`` beside the file) has mode 0600, and each end asks the system for the other's user. Both have
to run the same code. No variable of the caller's environment is handed over: the passwords of sources and channels are
the server's. Where a path means another file to the server, as with a service's own ``/tmp``, it says so. This needs
Linux; elsewhere such a command still says that the workspace is open. ``serve`` and ``demo`` are refused beside a
server, ``inspect`` needs none, and ``watch`` asks it for each file.
"""
