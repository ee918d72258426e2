"""The only HTTP client: what may be asked, of whom, and for how long.

guard      OutboundPolicy: which hosts may be asked; addresses that never are
client     HttpClient: connections, timeouts, redirects, bodies of bounded length
"""
