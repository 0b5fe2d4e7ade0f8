"""The main job by a stock client: a library goes in, a grant is given, a container works, the result leaves through review.

Usage: main_job.py INVITATION ADULT_FOLDER IMAGE_ARCHIVE
Prints its result as JSON.
"""

import base64
import hashlib
import json
import pathlib
import sys
import time

from stock import as_json, enroll, fresh_id, invitation, pieces

SCRIPT = "head -c 4 /data/adult/adult.parquet > /out/magic; echo done"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def in_an_hour():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))


def people(target, ca_pem, admin):
    """Organizations and one enrolled user in each role."""
    for name, kind in [("statistics", "AGENCY"), ("lab", "DEVELOPER")]:
        admin.call(
            "IdentityService.CreateOrganization",
            organization_id=name,
            organization={"display_name": name, "kind": f"ORGANIZATION_KIND_{kind}"},
            request_id=fresh_id(),
        )
    enrolled = []
    for organization, role in [
        ("operator", "ROLE_OPERATOR_REVIEWER"),
        ("statistics", "ROLE_AGENCY_OWNER"),
        ("lab", "ROLE_DEVELOPER_LEAD"),
    ]:
        invited = admin.call(
            "IdentityService.CreateInvitation",
            organization=f"organizations/{organization}",
            display_name=role,
            roles=[role],
        )
        user = enroll(target, ca_pem, invited["token"])
        assert user.call("IdentityService.WhoAmI")["user"]["roles"] == [role]
        enrolled.append(user)
    return enrolled


def publish(owner, folder):
    """Uploads the Adult data set, depersonalizes it and publishes the release."""
    data = (folder / "adult.csv").read_bytes()
    library = owner.call(
        "LibraryService.CreateLibrary",
        library_id="adult",
        library={
            "display_name": "Census income",
            "purposes": ["research"],
            "legal_basis": {"kind": "KIND_LAW", "reference": "law on state statistics, article 8"},
            "provenance_kind": "PROVENANCE_KIND_LICENSED",
        },
        request_id=fresh_id(),
    )["library"]
    version = owner.call(
        "LibraryService.CreateVersion",
        parent=library["name"],
        provenance="Census of 1994, UCI archive",
        datasets=[
            {
                "dataset_id": "adult",
                "format": "DATASET_FORMAT_CSV",
                "delimiter": ";",
                "sha256": sha256(data),
                "size_bytes": len(data),
            }
        ],
        request_id=fresh_id(),
    )["version"]
    upload = version["datasets"][0]["upload"]
    parts = list(pieces(data))
    # The first half goes alone, as after a cut; the server says where to resume, and the rest follows from there.
    half = len(parts) // 2
    first = ({"resource_name": upload, "write_offset": o, "data": d} for o, d in parts[:half])
    owner.send("LibraryService.Write", first)
    status = owner.call("LibraryService.QueryWriteStatus", resource_name=upload)
    begin = int(status.get("committed_size", 0))
    rest = (
        {
            "resource_name": upload,
            "write_offset": begin + offset,
            "data": piece,
            "finish_write": begin + offset + len(piece) == len(data),
        }
        for offset, piece in pieces(data[begin:])
    )
    written = owner.send("LibraryService.Write", rest)
    assert written["complete"] and int(written["committed_size"]) == len(data), written
    owner.call("LibraryService.FinalizeVersion", name=version["name"], request_id=fresh_id())
    for message in owner.watch("LibraryService.WatchVersion", name=version["name"]):
        state = as_json(message)["version"]["state"]
        if state not in ("STATE_UPLOADING", "STATE_QUARANTINED"):
            break
    assert state == "STATE_CLASSIFIED", as_json(message)
    run = owner.call(
        "DepersonalizationService.CreateRun",
        parent=version["name"],
        profile=(folder / "profile.toml").read_text(),
        hierarchies=[
            {"hierarchy_id": path.stem, "csv": base64.b64encode(path.read_bytes()).decode()}
            for path in sorted((folder / "hierarchies").iterdir())
        ],
        request_id=fresh_id(),
    )["run"]
    for message in owner.watch("DepersonalizationService.WatchRun", name=run["name"]):
        run = as_json(message)["run"]
        if run["state"] != "STATE_RUNNING":
            break
    assert run["state"] == "STATE_VERIFIED", run
    published = owner.call(
        "DepersonalizationService.PublishVersion",
        name=version["name"],
        run=run["name"],
        profile_sha256=run["profile_sha256"],
        report_sha256=run["report_sha256"],
        request_id=fresh_id(),
    )["version"]
    assert published["state"] == "STATE_PUBLISHED", published
    return published, run


def open_sandbox(admin, developer):
    """A registered AI system and its sandbox."""
    system = developer.call(
        "SystemService.CreateSystem",
        system_id="income",
        system={
            "display_name": "Income model",
            "description": "Estimates income brackets",
            "purpose": "research.income",
            "risk_class": "RISK_CLASS_MINIMAL",
            "risk_reasons": "nobody is decided about",
            "autonomy": "AUTONOMY_ASSISTANT",
        },
        request_id=fresh_id(),
    )["system"]["name"]
    developer.call("SystemService.SubmitSystem", name=system, request_id=fresh_id())
    admin.call("SystemService.RegisterSystem", name=system, reason="complete", request_id=fresh_id())
    sandbox = developer.call(
        "SandboxService.CreateSandbox",
        sandbox_id="incomes",
        sandbox={
            "display_name": "Incomes",
            "system": system,
            "stage": "STAGE_TRAINING",
            "expire_time": in_an_hour(),
            "budget": {
                "cpu_duration": "3600s",
                "concurrent_jobs": 2,
                "memory_bytes": 1 << 30,
                "output_bytes": 1 << 30,
            },
        },
        request_id=fresh_id(),
    )["sandbox"]
    name = sandbox["name"]
    opened = admin.call("SandboxService.ApproveSandbox", name=name, reason="agreed", request_id=fresh_id())
    assert opened["sandbox"]["state"] == "STATE_ACTIVE", opened
    return opened["sandbox"]


def approve_image(admin, archive):
    """Imports an image archive as a stream and lets jobs use it."""
    data = archive.read_bytes()
    messages = (
        {"data": piece, **({} if offset else {"display_name": "busybox", "archive_sha256": sha256(data)})}
        for offset, piece in pieces(data)
    )
    image = admin.send("ImageService.ImportImage", messages)["image"]["name"]
    admin.call("ImageService.ApproveImage", name=image, reason="looked through", request_id=fresh_id())
    return image


def run_job(owner, developer, version, sandbox, image):
    """Asks for the grant, gets it, and runs a job to its end."""
    grant = developer.call(
        "AccessService.CreateGrant",
        grant={
            "version": version["name"],
            "sandbox": sandbox["name"],
            "purpose": "research.incomes",
            "justification": "a study",
            # Not later than the sandbox itself.
            "expire_time": sandbox["expire_time"],
        },
        request_id=fresh_id(),
    )["grant"]["name"]
    owner.call("AccessService.ApproveGrant", name=grant, reason="agreed", request_id=fresh_id())
    checked = developer.call(
        "AccessService.CheckAccess",
        sandbox=sandbox["name"],
        version=version["name"],
        purpose="research.incomes",
    )
    assert checked["allowed"], checked
    job = developer.call(
        "SandboxService.CreateJob",
        parent=sandbox["name"],
        job={
            "image": image,
            "command": ["sh", "-c", SCRIPT],
            "versions": [version["name"]],
            "purpose": "research.incomes",
            "limits": {"memory_bytes": 64 << 20, "wall_clock_duration": "60s"},
        },
        request_id=fresh_id(),
    )["job"]
    states = []
    for message in developer.watch("SandboxService.WatchJob", name=job["name"]):
        job = as_json(message)["job"]
        states.append(job["state"])
    assert states[-1] == "STATE_SUCCEEDED", job
    log = b"".join(m.data for m in developer.watch("SandboxService.StreamLogs", name=job["name"]))
    assert log == b"done\n", log
    return job


def take_out(reviewer, developer, job):
    """Reviews, releases and downloads the output."""
    output = job["output"]
    reviewed = reviewer.call("AirlockService.StartReview", name=output, request_id=fresh_id())["output"]
    reviewer.call(
        "AirlockService.ReleaseOutput",
        name=output,
        manifest_sha256=reviewed["manifest_sha256"],
        reason="aggregates only",
        request_id=fresh_id(),
    )
    files = {}
    for file in reviewed["files"]:
        parts = developer.watch("AirlockService.DownloadOutput", name=output, path=file["path"])
        data = b"".join(part.data for part in parts)
        assert sha256(data) == file["sha256"], file
        files[file["path"]] = data
    return files


def main():
    invited, folder, archive = (pathlib.Path(argument) for argument in sys.argv[1:])
    target, ca_pem, token = invitation(invited)
    admin = enroll(target, ca_pem, token)
    reviewer, owner, developer = people(target, ca_pem, admin)
    version, run = publish(owner, folder)
    sandbox = open_sandbox(admin, developer)
    image = approve_image(admin, archive)
    job = run_job(owner, developer, version, sandbox, image)
    files = take_out(reviewer, developer, job)
    checkpoint = admin.call("AuditService.GetCheckpoint")
    result = {
        "services": sorted(admin.services),
        "version": version["name"],
        "measured_k": int(run["reports"][0]["measured_k"]),
        "job": job["name"],
        "files": {path: base64.b64encode(data).decode() for path, data in files.items()},
        "checkpoint": checkpoint["checkpoint"],
        "verifier_key": checkpoint["verifier_key"],
    }
    print(json.dumps(result))


main()
