-- SPDX-License-Identifier: BSD-3-Clause
-- Wireshark and tshark dissector of Ferry's wire format, version 1 (WIRE.md).
--
--     tshark -X lua_script:ferry.lua -r capture.pcap
--     tshark -X lua_script:ferry.lua -o ferry.port:14000 -Y 'ferry.pathlet.node == 3' -i eth0
--
-- A datagram that its receiver drops for what is in it, whoever sent it, has ferry.drop with the
-- drop's name. The receiver is taken to be the node that the Pathlet names.

local ferry = Proto("ferry", "Ferry")

local DATA, FEEDBACK, PROBE, PROBE_REPLY = 0, 1, 2, 3
local type_names = {
	[DATA] = "DATA", [FEEDBACK] = "FEEDBACK", [PROBE] = "PROBE", [PROBE_REPLY] = "PROBE_REPLY",
}

local LINK_BYTES, PATHLET_BYTES, SESSION_BYTES, FEEDBACK_BYTES, PROBE_BYTES = 24, 6, 24, 32, 16
local TREE_MAX_BYTES, TREE_MAX_DEPTH = 512, 32
local DESTINATION = 0x80000000 -- highest bit of a Pathlet's node; of a sender it is 0

local reasons = {
	link_truncated = "shorter than a link header",
	link_version = "another version",
	link_type = "unknown type",
	link_flag = "unknown flag",
	link_unknown_peer = "sender is no NodeID",
	feedback_malformed = "FEEDBACK shorter than its body",
	probe_malformed = "body is not 16 bytes",
	pathlet_truncated = "Pathlet or session header cut short",
	pathlet_malformed = "lengths that lie, or inner ids 0, own or equal",
	pathlet_dead_end = "no destination, and nothing inside",
	pathlet_too_deep = "more than 32 Pathlets deep",
}

local f = {
	link = ProtoField.none("ferry.link", "Link header"),
	link_version = ProtoField.uint8("ferry.link.version", "Version", base.DEC, nil, 0xf0),
	link_type = ProtoField.uint8("ferry.link.type", "Type", base.DEC, type_names, 0x0f),
	link_flags = ProtoField.uint8("ferry.link.flags", "Flags", base.HEX),
	link_sealed = ProtoField.bool("ferry.link.flags.sealed", "Sealed", 8, nil, 0x01),
	link_epoch = ProtoField.uint16("ferry.link.epoch", "Epoch"),
	link_node = ProtoField.uint32("ferry.link.node", "Sender"),
	link_seq = ProtoField.uint64("ferry.link.seq", "Sequence"),
	link_stamp = ProtoField.uint32("ferry.link.stamp", "Stamp (microseconds)"),
	link_rtt = ProtoField.uint32("ferry.link.rtt", "Round-trip time (microseconds)"),

	route = ProtoField.string("ferry.route", "Route"),
	pathlet = ProtoField.none("ferry.pathlet", "Pathlet"),
	pathlet_length = ProtoField.uint16("ferry.pathlet.length", "Length"),
	pathlet_destination =
		ProtoField.bool("ferry.pathlet.destination", "Destination", 32, nil, DESTINATION),
	pathlet_node = ProtoField.uint32("ferry.pathlet.node", "Node", base.DEC, nil, 0x7fffffff),

	session = ProtoField.none("ferry.session", "Session header"),
	session_conference = ProtoField.uint32("ferry.session.conference", "Conference"),
	session_session = ProtoField.uint32("ferry.session.session", "Session"),
	session_seq = ProtoField.uint32("ferry.session.seq", "Sequence"),
	session_stamp = ProtoField.uint32("ferry.session.stamp", "Stamp (microseconds)"),
	session_epoch = ProtoField.uint16("ferry.session.epoch", "Epoch"),
	session_flow_seq = ProtoField.uint16("ferry.session.flow_seq", "Flow sequence"),
	session_flow = ProtoField.uint8("ferry.session.flow", "Flow"),
	session_flags = ProtoField.uint8("ferry.session.flags", "Flags", base.HEX),
	session_coded = ProtoField.bool("ferry.session.flags.coded", "Coded", 8, nil, 0x01),
	session_delay =
		ProtoField.bool("ferry.session.flags.delay_sensitive", "Delay-sensitive", 8, nil, 0x02),
	session_first =
		ProtoField.bool("ferry.session.flags.message_first", "First of a message", 8, nil, 0x04),
	session_last =
		ProtoField.bool("ferry.session.flags.message_last", "Last of a message", 8, nil, 0x08),
	session_reserved = ProtoField.uint16("ferry.session.reserved", "Reserved", base.HEX),

	feedback = ProtoField.none("ferry.feedback", "Feedback"),
	feedback_stamp_echo = ProtoField.uint32("ferry.feedback.stamp_echo", "Echoed stamp"),
	feedback_delay = ProtoField.uint32("ferry.feedback.delay", "Delay since (microseconds)"),
	feedback_loss_rate = ProtoField.uint32("ferry.feedback.loss_rate", "Loss event rate"),
	feedback_epoch = ProtoField.uint16("ferry.feedback.epoch", "Epoch of the data"),
	feedback_reserved = ProtoField.uint16("ferry.feedback.reserved", "Reserved", base.HEX),
	feedback_seq_highest = ProtoField.uint64("ferry.feedback.seq_highest", "Highest sequence"),
	feedback_rate = ProtoField.uint64("ferry.feedback.rate", "Receive rate (bytes/s)"),

	probe = ProtoField.none("ferry.probe", "Probe"),
	probe_cookie = ProtoField.bytes("ferry.probe.cookie", "Cookie"),

	payload = ProtoField.bytes("ferry.payload", "Payload"),
	drop = ProtoField.string("ferry.drop", "Dropped as"),
}

local e = {
	malformed = ProtoExpert.new("ferry.malformed", "Ferry: the receiver drops this",
		expert.group.MALFORMED, expert.severity.ERROR),
	inner = ProtoExpert.new("ferry.pathlet.inner_malformed", "Ferry: a later node drops this",
		expert.group.MALFORMED, expert.severity.WARN),
	coded = ProtoExpert.new("ferry.session.coded_unknown", "Coded: not in this version",
		expert.group.UNDECODED, expert.severity.NOTE),
	cut = ProtoExpert.new("ferry.cut", "Capture cut short: not judged",
		expert.group.UNDECODED, expert.severity.NOTE),
}

local function values(map)
	local list = {}
	for _, value in pairs(map) do
		list[#list + 1] = value
	end
	return list
end

ferry.fields = values(f)
ferry.experts = values(e)
ferry.prefs.port = Pref.uint("UDP port", 13779, "UDP port that links arrive on")

-- Fields one after the other: {field, bytes} each, a field that shares its bytes with the next has
-- 0. Returns the offset after the last.
local function add_fields(tree, tvb, at, layout)
	for _, entry in ipairs(layout) do
		local size = entry[2]
		tree:add(entry[1], tvb(at, size > 0 and size or 1))
		at = at + size
	end
	return at
end

local link_layout = {
	{f.link_version, 0}, {f.link_type, 1}, {f.link_flags, 0}, {f.link_sealed, 1},
	{f.link_epoch, 2}, {f.link_node, 4}, {f.link_seq, 8}, {f.link_stamp, 4}, {f.link_rtt, 4},
}
local session_layout = {
	{f.session_conference, 4}, {f.session_session, 4}, {f.session_seq, 4},
	{f.session_stamp, 4}, {f.session_epoch, 2}, {f.session_flow_seq, 2}, {f.session_flow, 1},
	{f.session_flags, 0}, {f.session_coded, 0}, {f.session_delay, 0}, {f.session_first, 0},
	{f.session_last, 1}, {f.session_reserved, 2},
}
local feedback_layout = {
	{f.feedback_stamp_echo, 4}, {f.feedback_delay, 4}, {f.feedback_loss_rate, 4},
	{f.feedback_epoch, 2}, {f.feedback_reserved, 2}, {f.feedback_seq_highest, 8},
	{f.feedback_rate, 8},
}

-- The Pathlet header at an offset: length, node, destination flag.
local function pathlet_at(tvb, at)
	local node = tvb(at + 2, 4):uint()
	if node >= DESTINATION then
		return tvb(at, 2):uint(), node - DESTINATION, true
	end
	return tvb(at, 2):uint(), node, false
end

-- A Pathlet header at an offset whose length lies within limit.
local function pathlet_fits(tvb, at, limit)
	if limit - at < PATHLET_BYTES then
		return false
	end
	local length = tvb(at, 2):uint()
	return length >= PATHLET_BYTES and at + length <= limit
end

-- What a receiver finds wrong with the ids and lengths directly inside the Pathlet at an offset.
local function judge_inside(tvb, at)
	local length, own, destination = pathlet_at(tvb, at)
	local limit, seen = at + length, {[0] = true, [own] = true}
	if length == PATHLET_BYTES and not destination then
		return "pathlet_dead_end"
	end
	at = at + PATHLET_BYTES
	while at < limit do
		if not pathlet_fits(tvb, at, limit) then
			return "pathlet_malformed"
		end
		local size, node = pathlet_at(tvb, at)
		if seen[node] then
			return "pathlet_malformed"
		end
		seen[node] = true
		at = at + size
	end
	return nil
end

-- Does the Pathlet at an offset nest too deep. All lengths are followed; one that lies hides itself
-- and what follows it in the Pathlet that holds it.
local function too_deep(tvb, at)
	local limit = at + tvb(at, 2):uint()
	local limits = {limit}
	at = at + PATHLET_BYTES
	while at < limit do
		while at >= limits[#limits] do
			limits[#limits] = nil
		end
		if pathlet_fits(tvb, at, limits[#limits]) then
			limits[#limits + 1] = at + tvb(at, 2):uint()
			at = at + PATHLET_BYTES
		else
			at = limits[#limits]
		end
		if #limits > TREE_MAX_DEPTH then
			return true
		end
	end
	return false
end

-- What a receiver finds wrong with the DATA body at an offset of a datagram of size bytes.
local function judge_pathlet(tvb, at, size)
	if size - at < PATHLET_BYTES then
		return "pathlet_truncated"
	end
	local length = tvb(at, 2):uint()
	if length < PATHLET_BYTES or length > TREE_MAX_BYTES then
		return "pathlet_malformed"
	end
	if at + length + SESSION_BYTES > size then
		return "pathlet_truncated"
	end
	local reason = judge_inside(tvb, at)
	if not reason and length > TREE_MAX_DEPTH * PATHLET_BYTES and too_deep(tvb, at) then
		reason = "pathlet_too_deep"
	end
	return reason
end

-- Shows the Pathlet at an offset, which is known to fit, and all that is inside. Recursion ends at
-- the greatest depth. Returns its text form.
local function show_pathlet(tvb, at, tree, depth)
	local length, node, destination = pathlet_at(tvb, at)
	local item = tree:add(f.pathlet, tvb(at, length))
	local limit, inner = at + length, {}
	item:add(f.pathlet_length, tvb(at, 2))
	item:add(f.pathlet_destination, tvb(at + 2, 4))
	item:add(f.pathlet_node, tvb(at + 2, 4))
	if depth > 1 then
		local reason = judge_inside(tvb, at)
		if reason then
			item:add_proto_expert_info(e.inner, reason .. ": " .. reasons[reason])
		end
	end
	at = at + PATHLET_BYTES
	while depth < TREE_MAX_DEPTH and at < limit and pathlet_fits(tvb, at, limit) do
		inner[#inner + 1] = show_pathlet(tvb, at, item, depth + 1)
		at = at + tvb(at, 2):uint()
	end
	if at < limit then
		item:add_proto_expert_info(e.inner, (limit - at) .. " bytes inside are not shown")
	end
	local text = tostring(node)
	if #inner > 0 then
		text = text .. (destination and "*" or "") .. " > " ..
			(#inner == 1 and inner[1] or "(" .. table.concat(inner, ", ") .. ")")
	elseif not destination then
		text = text .. "!"
	end
	item:append_text(": " .. text)
	return text
end

-- The DATA body; returns a drop reason or nil, and what to say in the list of packets.
local function dissect_data(tvb, at, size, tree)
	local reason = judge_pathlet(tvb, at, size)
	if not pathlet_fits(tvb, at, size) or tvb(at, 2):uint() > TREE_MAX_BYTES then
		return reason, ""
	end
	local route = show_pathlet(tvb, at, tree, 1)
	tree:add(f.route, tvb(at, tvb(at, 2):uint()), route):set_generated()
	at = at + tvb(at, 2):uint()
	if size - at < SESSION_BYTES then
		return reason, route
	end
	local session = tree:add(f.session, tvb(at, SESSION_BYTES))
	local text = string.format("conference %d session %d seq %d flow %d",
		tvb(at, 4):uint(), tvb(at + 4, 4):uint(), tvb(at + 8, 4):uint(), tvb(at + 20, 1):uint())
	if tvb(at + 21, 1):bitfield(7, 1) == 1 then
		session:add_proto_expert_info(e.coded)
	end
	session:append_text(": " .. text)
	at = add_fields(session, tvb, at, session_layout)
	if size > at then
		tree:add(f.payload, tvb(at, size - at))
	end
	return reason, route .. "  " .. text .. "  payload " .. (size - at)
end

local function dissect_feedback(tvb, at, size, tree)
	if size - at < FEEDBACK_BYTES then
		return "feedback_malformed", ""
	end
	local item = tree:add(f.feedback, tvb(at, FEEDBACK_BYTES))
	local loss, highest = tvb(at + 8, 4):uint(), tvb(at + 16, 8):uint64()
	local text = string.format("highest %s loss %.4f%%", tostring(highest),
		loss == 0xffffffff and 100 or loss / 4294967296 * 100)
	item:append_text(": " .. text)
	add_fields(item, tvb, at, feedback_layout)
	return nil, text
end

local function dissect_probe(tvb, at, size, tree)
	if size - at ~= PROBE_BYTES then
		return "probe_malformed", ""
	end
	local item = tree:add(f.probe, tvb(at, PROBE_BYTES))
	item:add(f.probe_cookie, tvb(at, PROBE_BYTES))
	return nil, tostring(tvb(at, PROBE_BYTES):bytes())
end

local bodies = {
	[DATA] = dissect_data, [FEEDBACK] = dissect_feedback,
	[PROBE] = dissect_probe, [PROBE_REPLY] = dissect_probe,
}

-- The whole datagram, of which size bytes are there.
local function dissect_datagram(tvb, size, tree)
	if size < LINK_BYTES then
		return "link_truncated", "Ferry"
	end
	local link = tree:add(f.link, tvb(0, LINK_BYTES))
	add_fields(link, tvb, 0, link_layout)
	local version, kind = tvb(0, 1):bitfield(0, 4), tvb(0, 1):bitfield(4, 4)
	local head = string.format("%s from %s seq %s", type_names[kind] or "type " .. kind,
		tostring(tvb(4, 4):uint()), tostring(tvb(8, 8):uint64()))
	link:append_text(": " .. head)
	if version ~= 1 then
		return "link_version", head
	elseif not type_names[kind] then
		return "link_type", head
	elseif tvb(1, 1):uint() ~= 0 then
		return "link_flag", head
	elseif tvb(4, 4):uint() == 0 or tvb(4, 4):uint() >= DESTINATION then
		return "link_unknown_peer", head
	end
	local reason, text = bodies[kind](tvb, LINK_BYTES, size, tree)
	return reason, text == "" and head or head .. "  " .. text
end

function ferry.dissector(tvb, pinfo, root)
	local size = tvb:captured_len()
	local tree = root:add(ferry, tvb())
	local reason, info = dissect_datagram(tvb, size, tree)

	pinfo.cols.protocol = "Ferry"
	if size < tvb:reported_len() then
		tree:add_proto_expert_info(e.cut)
	elseif reason then
		tree:add(f.drop, tvb(), reason):set_generated()
		tree:add_proto_expert_info(e.malformed, reason .. ": " .. reasons[reason])
		info = "[" .. reason .. "] " .. info
	end
	pinfo.cols.info = info
	return tvb:reported_len()
end

local registered
local function register()
	local ports = DissectorTable.get("udp.port")
	if registered then
		ports:remove(registered, ferry)
	end
	registered = ferry.prefs.port
	ports:add(registered, ferry)
end

ferry.prefs_changed = register
register()
