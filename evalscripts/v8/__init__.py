"""The tier that runs everything: V8 in killable worker processes.

pool.py          workers that wait, and the one thread that starts, watches and buries them
conversation.py  one script's talk with one worker: its time, and what its end means
worker.py        inside a worker process: spare isolates, one session at a time
isolate.py       one isolate: prelude, mailbox, arena
surroundings.js  what a script finds around it: console, clock, chance
answers.js       the mailbox; what a pixel returned, in every form
scenes.js        scenes in the documented and in the older shape
hooks.js         preProcessScenes, filterScenes, updateOutput
trace.js         one pixel looked at; what was thrown, shown
stages.js        the life of a script: stage or start, run, finish
snapshot.js .py  what the globals hold after staging
facts.py         what a script is told of its request
pixels.py        the pixel loop, written for one script's setup
session.py       Session: stripes of samples in, stripes of outputs out
program.py       Program, and how a text is staged
debug.py         one pixel as a PixelReport

An isolate serves one request. What remains for a script that breaks out of V8 itself: the memory
of its worker process (spare isolates hold nothing, earlier ones are freed but not wiped), the
processor until its time is up, and whatever the kernel offers to a process of the server's user
that may open nothing. Linux only; without seccomp (another machine than x86-64 or arm64, or a
kernel without it) files and network are within its reach.
"""
