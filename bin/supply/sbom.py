"""The bill of materials of each lock, as CycloneDX JSON. `python -m bin.supply.sbom` writes build/sbom/<product>.cdx.json.

A component a pin: purl, licence, the SHA-256 hashes of every file that the lock accepts for it, and whether the product needs it or only its
development. What a package needs is said where this machine has it installed. The same lock gives the same bytes.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import Distribution, distribution
from uuid import NAMESPACE_URL, uuid5

import yaml
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bin.supply.licences import LICENCES
from bin.supply.locks import LOCKS, ROOT, WAREHOUSE, Lock, Package

OUTPUT = ROOT / "build" / "sbom"


def main() -> int:
    """Write both: 0 when they are as the standard's schema wants them, else 3 with what it says."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    licences = yaml.safe_load(LICENCES.read_text())
    for lock in LOCKS:
        text = document(lock, licences)
        wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
        if wrong is not None:
            sys.stderr.write(f"{lock.path}: {str(wrong.data).splitlines()[0]}\n")
            return 3
        written = OUTPUT / f"{lock.product}.cdx.json"
        written.write_text(text)
        count = len(json.loads(text)["components"])
        sys.stdout.write(f"{written.relative_to(ROOT)}: {count} components of {lock.path.relative_to(ROOT)}\n")
    return 0


def document(lock: Lock, licences: dict[str, str]) -> str:
    """The bill of one lock as JSON; `licences` by `name==version`.

    Raises: LookupError for a package that licences.yaml does not have.
    """
    packages, installed = lock.packages(), lock.installed()
    # Superset's lock has no tools in it: all of it is Superset's.
    needed = needed_by(installed) if lock is WAREHOUSE else {package.name for package in packages}
    version = distribution("union-warehouse").version
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"{lock.product}:{lock.path.read_text()}"))
    product = Component(name=lock.product, version=version, type=ComponentType.APPLICATION, bom_ref=lock.product)
    bom.metadata.component = product
    # What a marker keeps from this machine cannot be asked whether it is needed: it is taken to be.
    components = {
        package: _component(package, licences, is_needed=package.name in needed or bool(package.marker))
        for package in packages
    }
    for package, component in components.items():
        bom.components.add(component)
        wants = {name for name, _ in requirements_of(installed[package.name])} if package.name in installed else set()
        bom.register_dependency(component, [other for known, other in components.items() if known.name in wants])
    asked = {name for name, _ in requirements_of(installed[lock.product])} if lock.product in installed else needed
    bom.register_dependency(product, [other for known, other in components.items() if known.name in asked])
    written = json.loads(JsonV1Dot6(bom).output_as_string())
    del written["metadata"]["timestamp"]
    return json.dumps(written, indent=1, ensure_ascii=False) + "\n"


def needed_by(installed: dict[str, Distribution]) -> set[str]:
    """The names of what the product needs to run, by what is installed: everything reached from its own requirements, extras and all."""
    reached: set[tuple[str, str]] = set()
    ahead = {("union-warehouse", "")}
    while ahead:
        name, extra = ahead.pop()
        reached.add((name, extra))
        if name in installed:
            ahead |= requirements_of(installed[name], extra) - reached
    return {name for name, _ in reached}


def requirements_of(package: Distribution, extra: str = "") -> set[tuple[str, str]]:
    """What a package asks for on this machine, with that extra of its own ('' is none): names, each with an extra of theirs."""
    asked = {Requirement(line) for line in package.requires or []}
    here = [wanted for wanted in asked if wanted.marker is None or wanted.marker.evaluate({"extra": extra})]
    return {(canonicalize_name(wanted.name), named) for wanted in here for named in ("", *wanted.extras)}


def _component(package: Package, licences: dict[str, str], *, is_needed: bool) -> Component:
    purl = PackageURL("pypi", None, package.name, package.version)
    licence = licences[str(package)]
    said = (
        DisjunctiveLicense(id=licence) if " " not in licence and "Ref-" not in licence else LicenseExpression(licence)
    )
    component = Component(
        name=package.name,
        version=package.version,
        bom_ref=str(purl),
        purl=purl,
        scope=ComponentScope.REQUIRED if is_needed else ComponentScope.EXCLUDED,
        licenses=[said],
    )
    # A pin stands for every file that the lock accepts, one of which is installed: the standard has hashes of files at references.
    for sha256 in package.hashes:
        hashes = [HashType(alg=HashAlgorithm.SHA_256, content=sha256)]
        reference = ExternalReference(
            type=ExternalReferenceType.DISTRIBUTION, url=XsUri(f"{purl}#{sha256}"), hashes=hashes
        )
        component.external_references.add(reference)
    if package.marker:
        component.properties.add(Property(name="union-warehouse:installed-where", value=package.marker))
    return component


if __name__ == "__main__":
    sys.exit(main())
