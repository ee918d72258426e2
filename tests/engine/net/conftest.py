from tests.builders.servers import fault_server, nginx

__all__ = ["fault_server", "nginx"]
