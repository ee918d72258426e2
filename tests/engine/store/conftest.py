from tests.builders.servers import fault_server, moto_s3, nginx

__all__ = ["fault_server", "moto_s3", "nginx"]
