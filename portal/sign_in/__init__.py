"""The ways into the portal: a link by mail, an OpenID Connect provider, a proxy that has signed people in."""
