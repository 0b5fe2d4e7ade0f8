"""A stock gRPC client: it learns the interface from the server, by reflection, and has no generated code."""

import json
import pathlib
import uuid

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

PIECE = 1 << 20


def fresh_id():
    """A request id."""
    return str(uuid.uuid4())


def key_and_request():
    """A key and a certificate signing request, PEM each. The key never leaves this process."""
    key = ec.generate_private_key(ec.SECP256R1())
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return key_pem, request.public_bytes(serialization.Encoding.PEM).decode()


def enroll_messages():
    """The messages of Enroll, by their documented field numbers: reflection is open to the enrolled only."""
    text = descriptor_pb2.FieldDescriptorProto.TYPE_STRING
    file = descriptor_pb2.FileDescriptorProto(name="enroll.proto", package="enroll", syntax="proto3")
    for name, fields in {
        "Request": [("token", 1), ("csr_pem", 2)],
        "Response": [("certificate_pem", 1), ("ca_pem", 2)],
    }.items():
        message = file.message_type.add(name=name)
        for field, number in fields:
            message.field.add(name=field, number=number, type=text, label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = (pool.FindMessageTypeByName(f"enroll.{name}") for name in ("Request", "Response"))
    return [message_factory.GetMessageClass(message) for message in found]


def enroll(target, ca_pem, token):
    """Exchanges an invitation's token for a certificate; returns the enrolled client."""
    key_pem, csr_pem = key_and_request()
    request, response = enroll_messages()
    with grpc.secure_channel(target, grpc.ssl_channel_credentials(ca_pem)) as channel:
        call = channel.unary_unary(
            "/sandyq.v1.IdentityService/Enroll",
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString,
        )
        answer = call(request(token=token, csr_pem=csr_pem), timeout=30)
    return Client(target, ca_pem, key_pem, answer.certificate_pem.encode())


class Client:
    """One user's connection. Every method and message is found by reflection."""

    def __init__(self, target, ca_pem, key_pem, certificate_pem):
        credentials = grpc.ssl_channel_credentials(ca_pem, key_pem, certificate_pem)
        self.channel = grpc.secure_channel(target, credentials)
        database = ProtoReflectionDescriptorDatabase(self.channel)
        self.services = [name for name in database.get_services() if name.startswith("sandyq.v1.")]
        self.pool = descriptor_pool.DescriptorPool(database)

    def call(self, method, **fields):
        """A unary call. Fields are in protobuf's JSON form; so is the answer."""
        request, response, path, _ = self._method(method)
        stub = self.channel.unary_unary(
            path, request_serializer=request.SerializeToString, response_deserializer=response.FromString
        )
        return as_json(stub(json_format.ParseDict(fields, request()), timeout=60))

    def watch(self, method, **fields):
        """A call that streams answers; yields messages."""
        request, response, path, described = self._method(method)
        assert described.server_streaming
        stub = self.channel.unary_stream(
            path, request_serializer=request.SerializeToString, response_deserializer=response.FromString
        )
        yield from stub(json_format.ParseDict(fields, request()), timeout=180)

    def send(self, method, messages):
        """A call that streams requests, given as fields with bytes as bytes."""
        request, response, path, described = self._method(method)
        assert described.client_streaming
        stub = self.channel.stream_unary(
            path, request_serializer=request.SerializeToString, response_deserializer=response.FromString
        )
        return as_json(stub((request(**fields) for fields in messages), timeout=180))

    def _method(self, method):
        service, name = method.split(".")
        described = self.pool.FindServiceByName(f"sandyq.v1.{service}").FindMethodByName(name)
        classes = (message_factory.GetMessageClass(t) for t in (described.input_type, described.output_type))
        return (*classes, f"/sandyq.v1.{service}/{name}", described)


def as_json(message):
    """A message as a dictionary with the field names of the interface."""
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def pieces(data):
    """Bytes cut into messages, with their offsets."""
    for offset in range(0, max(len(data), 1), PIECE):
        yield offset, data[offset : offset + PIECE]


def invitation(path):
    """Reads an invitation file: target, authority, token."""
    read = json.loads(pathlib.Path(path).read_text())
    return read["server"].removeprefix("https://"), read["ca_pem"].encode(), read["token"]
