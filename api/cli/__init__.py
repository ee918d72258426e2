"""The `cogmill` command.

What is declared here is light, so that `cogmill --help` answers at once; each command imports the
rooms that it needs when it runs.

main      the command's tree; errors → one clear line and an exit code
serving   serve, demo             → server, samples
pixels    process, explain, debug → asking, pixel_text
scripts   check, scripts list | show → asking, script_text
data      collections, ingest, scenes → listing
access    client create | list | remove → clients
about     info
failures  error → exit code and line
output    tables, JSON, progress
"""
