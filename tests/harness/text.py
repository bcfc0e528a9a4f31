# SPDX-License-Identifier: BSD-3-Clause
"""Configuration files from Python values.

Dict = group, list of groups = list, others = array; the key "#" = comment."""


def _scalar(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value}L" if value > 0x7FFFFFFF else str(value)
    if isinstance(value, float):
        return repr(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _value(value, indent):
    if isinstance(value, dict):
        return "{\n" + _settings(value, indent + "\t") + indent + "}"
    if isinstance(value, (list, tuple)):
        if not value:
            return "( )"
        if isinstance(value[0], dict):
            inner = ",\n".join(indent + "\t" + _value(v, indent + "\t") for v in value)
            return "(\n" + inner + "\n" + indent + ")"
        return "[ " + ", ".join(_scalar(v) for v in value) + " ]"
    return _scalar(value)


def _settings(group, indent):
    return "".join(f"{indent}# {value}\n" if key == "#" else f"{indent}{key} = {_value(value, indent)};\n"
                   for key, value in group.items())


def config_text(config):
    """The whole file."""
    return _settings(config, "")
