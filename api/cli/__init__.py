"""The `cogmill` command.

main      the command's tree; errors → one clear line and an exit code
serving   serve, demo
pixels    process, explain, check
data      collections, ingest, scenes
access    client create | list | remove
about     info
output    tables, JSON, progress
"""
