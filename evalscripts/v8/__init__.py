"""The tier that runs everything: V8 in killable workers."""
