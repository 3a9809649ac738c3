"""The OpenAPI document of the REST API: written by hand, a file a concept, merged when it is first asked for."""
