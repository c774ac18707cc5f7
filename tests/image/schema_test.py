#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds what --json prints against docs/lifeboat-1.schema.json.

The checker below knows just the words the schema uses; python3-jsonschema is used as well when it
is installed. Usage: schema_test.py PROGRAM SOURCE_DIR
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAM, SOURCE = sys.argv[1:3]
with open(os.path.join(SOURCE, "docs/lifeboat-1.schema.json"), encoding="utf-8") as stream:
    SCHEMA = json.load(stream)

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
KNOWN = {"$schema", "title", "type", "required", "properties", "oneOf", "allOf", "definitions",
         "const", "enum", "items", "minimum", "minLength", "pattern", "$ref"}


def problems(value, schema, where="document"):
    unknown = set(schema) - KNOWN
    if unknown:
        return [f"{where}: the checker does not know {unknown}"]
    if "$ref" in schema:
        return problems(value, SCHEMA["definitions"][schema["$ref"].split("/")[-1]], where)
    out = []
    kind = schema.get("type")
    if kind == "integer":
        if not isinstance(value, int) or isinstance(value, bool):
            return [f"{where}: not an integer"]
    elif kind and not isinstance(value, TYPES[kind]):
        return [f"{where}: not a {kind}"]
    if "const" in schema and value != schema["const"]:
        out.append(f"{where}: is {value!r}, not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        out.append(f"{where}: {value!r} is none of {schema['enum']}")
    if value is not None and "minimum" in schema and value < schema["minimum"]:
        out.append(f"{where}: too small")
    if "minLength" in schema and len(value) < schema["minLength"]:
        out.append(f"{where}: too short")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        out.append(f"{where}: does not match {schema['pattern']}")
    if isinstance(value, dict):
        out += [f"{where}: no {name}" for name in schema.get("required", []) if name not in value]
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                out += problems(value[name], inner, f"{where}.{name}")
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            out += problems(item, schema["items"], f"{where}[{number}]")
    for inner in schema.get("allOf", []):
        out += problems(value, inner, where)
    if "oneOf" in schema:
        answers = [problems(value, inner, where) for inner in schema["oneOf"]]
        if sum(1 for answer in answers if not answer) != 1:
            out += min(answers, key=len) or [f"{where}: several forms fit"]
    return out


def undocumented(value, schema, where="document"):
    """Names that are printed but that the schema does not have."""
    if "$ref" in schema:
        return undocumented(value, SCHEMA["definitions"][schema["$ref"].split("/")[-1]], where)
    out = []
    if isinstance(value, list) and "items" in schema:
        for item in value:
            out += undocumented(item, schema["items"], where + "[]")
    if not isinstance(value, dict):
        return out
    names = dict(schema.get("properties", {}))
    for inner in schema.get("oneOf", []) + schema.get("allOf", []):
        if not problems(value, inner, where):
            while "$ref" in inner:
                inner = SCHEMA["definitions"][inner["$ref"].split("/")[-1]]
            names.update(inner.get("properties", {}))
            for further in inner.get("allOf", []):
                names.update(SCHEMA["definitions"][further["$ref"].split("/")[-1]]["properties"])
    for name, inner in value.items():
        if name not in names:
            out.append(f"{where}.{name} is not in the schema")
        else:
            out += undocumented(inner, names[name], f"{where}.{name}")
    return out


def tree(root):
    files = {
        "etc/os-release": 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n',
        "etc/fstab": "/dev/xvda1 / ext4 defaults 0 1\n",
        "etc/default/grub": 'GRUB_CMDLINE_LINUX="console=hvc0"\n',
        "lib/systemd/systemd": "x",
        "boot/grub/grub.cfg": "menuentry 'x' {\n linux /boot/vmlinuz root=/dev/xvda1 "
                              "console=hvc0\n}\n",
        "boot/vmlinuz": "kernel",
    }
    for path, text in files.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="utf-8") as out:
            out.write(text)
    os.makedirs(os.path.join(root, "sbin"))
    os.symlink("/lib/systemd/systemd", os.path.join(root, "sbin/init"))


def main():
    mke2fs = shutil.which("mke2fs", path="/usr/sbin:/sbin:/usr/bin")
    if not mke2fs:
        print("mke2fs is not installed")
        return 77
    try:
        from jsonschema import Draft7Validator
        second = Draft7Validator(SCHEMA)
    except ImportError:
        second = None
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        tree("root")
        subprocess.run([mke2fs, "-q", "-F", "-t", "ext4", "-d", "root", "disk.img", "32M"],
                       check=True)
        runs = [
            (0, "layout", ["layout", "disk.img"]),
            (1, "prediction", ["predict", "disk.img"]),
            (1, "diagnosis", ["diagnose", "disk.img"]),
            (1, "repair", ["repair", "disk.img", "--all", "--dry-run"]),
            (0, "entries", ["ls", "disk.img:0:/etc"]),
            (0, "repair", ["repair", "disk.img", "--all", "--undo", "u"]),
            (0, "kept", ["kept", "disk.img"]),
            (0, "repair", ["restore", "latest", "disk.img", "--dry-run"]),
            (0, "diagnosis", ["diagnose", "disk.img"]),
            (0, "undo", ["undo", "u", "disk.img"]),
            (0, "repair", ["rm", "disk.img:0:/etc/fstab", "--undo", "u2"]),
            (0, "repair", ["repair", "disk.img", "--only", "linux.kernel-console", "--undo", "u3"]),
            (0, "repair", ["rm", "disk.img:0:/boot/grub/grub.cfg", "--undo", "u4"]),
            (1, "repair", ["restore", "latest", "disk.img", "--undo", "u5"]),
            (0, "kept", ["kept", "disk.img"]),
            (2, "error", ["diagnose"]),
            (3, "error", ["ls", "disk.img:7:/"]),
            (4, "error", ["diagnose", "missing.img"]),
        ]
        for code, kind, words in runs:
            done = subprocess.run([PROGRAM, *words, "--json"], capture_output=True, check=False)
            text = " ".join(words)
            found = []
            if done.returncode != code:
                found.append(f"exit code {done.returncode} instead of {code}: {done.stderr}")
            if done.stderr:
                found.append(f"said {done.stderr!r}")
            try:
                document = json.loads(done.stdout.decode("ascii"))
            except ValueError as error:
                document = {}
                found.append(str(error))
            if document.get("kind") != kind:
                found.append(f"kind is {document.get('kind')}, not {kind}")
            found += problems(document, SCHEMA) + undocumented(document, SCHEMA)
            if second:
                found += [error.message for error in second.iter_errors(document)]
            print("ok  " if not found else "FAIL", text)
            for line in found:
                print("    ", line)
            failed += bool(found)
    return 1 if failed else 0


sys.exit(main())
