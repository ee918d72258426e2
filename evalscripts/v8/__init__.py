"""The tier that runs everything: V8 in killable worker processes.

pool.py       workers that wait, and the one thread that starts, watches and buries them
process.py    one worker process, from the server's side
conversation.py  one script's talk with one worker
worker.py     inside a worker process: fence, spare isolates, one session at a time
fence.py      what a worker may not do: resources, files, network, processes
seccomp.py    the filter of system calls
isolate.py    one isolate: prelude, mailbox, arena
runner.js     the isolate's side of the mailbox
pixels.py     the pixel loop, written for one script's setup
segment.py    memory that server and worker share
wire.py       their messages
program.py    Program and Session over all this
"""
