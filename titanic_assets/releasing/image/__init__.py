"""The container image of a bento: built by the engine at hand, labelled, listed, tried."""

# The bill of materials within the image, and how big the image may become.
SBOM = "/app/sbom.cdx.json"
LARGEST_MB = 450
