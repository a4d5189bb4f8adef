"""Checks manifests, as `kustomize build` prints them, against Kubernetes' own schemas of several versions.

Usage: kustomize build FOLDER | validate.py VERSION…

No field that a schema does not know may be there. Temporal's resources have schemas beside this file; the pods, and the
resources, that they are templates of are checked as what the controller makes of them.
"""

import json
import sys
from pathlib import Path

import jsonschema
import kubernetes_validate
import yaml

SCHEMAS = Path(__file__).parent / "schemas"
TEMPORAL = "temporal.io/v1alpha1"
SELECTED = {"temporal.io/deployment-name": "worker", "temporal.io/build-id": "0.1.0"}


def made_of(resource):
    """What Temporal's worker controller makes of one of its resources, for one version of the workers."""
    spec = resource["spec"]
    if resource["kind"] == "WorkerDeployment":
        template = json.loads(json.dumps(spec["template"]))
        template["metadata"]["labels"].update(SELECTED)
        return [deployment(spec, template)]
    if resource["kind"] == "WorkerResourceTemplate":
        made = json.loads(json.dumps(spec["template"]))
        made["metadata"] = {"name": resource["metadata"]["name"]}
        if made["spec"].get("scaleTargetRef") == {}:
            made["spec"]["scaleTargetRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "worker-0-1-0"}
        if made["spec"].get("selector", {}).get("matchLabels") == {}:
            made["spec"]["selector"]["matchLabels"] = SELECTED
        return [made]
    return []


def deployment(spec, template):
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "worker-0-1-0"},
        "spec": {
            "selector": {"matchLabels": SELECTED},
            "template": template,
            "minReadySeconds": spec["minReadySeconds"],
            "progressDeadlineSeconds": spec["progressDeadlineSeconds"],
        },
    }


def check(resource, versions):
    if resource["apiVersion"] == TEMPORAL:
        schema = json.loads((SCHEMAS / f"{resource['kind']}.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(resource)
        for made in made_of(resource):
            check(made, versions)
        return
    for version in versions:
        kubernetes_validate.validate(resource, version, strict=True)


def main(versions):
    faults = 0
    resources = [resource for resource in yaml.safe_load_all(sys.stdin) if resource is not None]
    for resource in resources:
        name = f"{resource['kind']} {resource['metadata']['name']}"
        try:
            check(resource, versions)
        except (jsonschema.ValidationError, kubernetes_validate.ValidationError) as error:
            faults += 1
            where = "/".join(str(part) for part in error.path)
            print(f"{name}: {where}: {error.message}")
    print(f"{len(resources)} resources, {faults} with a fault, as of Kubernetes {', '.join(versions)}")
    return 0 if faults == 0 and resources else 1


sys.exit(main(sys.argv[1:]))
