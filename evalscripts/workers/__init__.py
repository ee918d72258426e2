"""Processes that can be killed, for work that belongs to strangers; both tiers use them.

process.py   one worker process, from the server's side
wire.py      the messages between the two
segment.py   memory that server and worker share
fence.py     what a worker may not do: resources, and outliving its parent
seccomp.py   the filter of system calls: no files, network or processes
"""
