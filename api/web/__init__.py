"""The page at ``/`` and the API's documentation at ``/docs``; nothing comes from another host.

source/       TypeScript, CSS and HTML, with their lock file; bundled by build.mjs
static/       what came of it: made by the build hook, never committed
build_hook    bundles when a wheel or an editable install is made
assets        the built files in memory, with their headers
page          what the page needs to know of collections and scripts, as JSON
routes        binds all of it to addresses
"""
