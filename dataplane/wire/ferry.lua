-- SPDX-License-Identifier: BSD-3-Clause
-- Wireshark and tshark dissector of Ferry's wire format, version 1 (WIRE.md).
--
--     tshark -X lua_script:ferry.lua -r capture.pcap
--     tshark -X lua_script:ferry.lua -o ferry.port:14000 -Y 'ferry.pathlet.node == 3' -i eth0
--
-- A datagram that its receiver drops for what is in it, whoever sent it, has ferry.drop with the
-- drop's name. The receiver is taken to be the node that the Pathlet names.

local ferry = Proto("ferry", "Ferry")

local DATA, FEEDBACK, PROBE, PROBE_REPLY, DECODED = 0, 1, 2, 3, 4
local type_names = {
	[DATA] = "DATA", [FEEDBACK] = "FEEDBACK", [PROBE] = "PROBE", [PROBE_REPLY] = "PROBE_REPLY",
	[DECODED] = "DECODED",
}
local SYSTEMATIC, SEEDED, RECODED = 0, 1, 2
local kind_names = {[SYSTEMATIC] = "systematic", [SEEDED] = "seeded", [RECODED] = "recoded"}

local LINK_BYTES, PATHLET_BYTES, SESSION_BYTES, FEEDBACK_BYTES, PROBE_BYTES = 24, 6, 24, 32, 16
local DECODED_BYTES, CODING_BYTES, SYMBOL_HEAD_BYTES, SPAN_MAX = 16, 4, 8, 128
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
	decoded_malformed = "DECODED shorter than its body",
	pathlet_truncated = "Pathlet or session header cut short",
	pathlet_malformed = "lengths that lie, or inner ids 0, own or equal",
	pathlet_dead_end = "no destination, and nothing inside",
	pathlet_too_deep = "more than 32 Pathlets deep",
	coding_truncated = "coding header or symbol cut short",
	coding_malformed = "coding header that lies",
	coding_zero = "all coefficients are 0",
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

	coding = ProtoField.none("ferry.coding", "Coding header"),
	coding_kind = ProtoField.uint8("ferry.coding.kind", "Kind", base.DEC, kind_names, 0xf0),
	coding_window = ProtoField.uint8("ferry.coding.window", "Sliding window", base.DEC, nil, 0x01),
	coding_final = ProtoField.uint8("ferry.coding.final", "Final", base.DEC, nil, 0x02),
	coding_n = ProtoField.uint8("ferry.coding.n", "Source packets"),
	coding_index = ProtoField.uint8("ferry.coding.index", "Index"),
	coding_reserved = ProtoField.uint16("ferry.coding.reserved", "Reserved", base.HEX),
	coding_seed = ProtoField.uint16("ferry.coding.seed", "Seed"),
	coding_coefficients = ProtoField.bytes("ferry.coding.coefficients", "Coefficients"),

	decoded = ProtoField.none("ferry.decoded", "Decoded"),
	decoded_conference = ProtoField.uint32("ferry.decoded.conference", "Conference"),
	decoded_session = ProtoField.uint32("ferry.decoded.session", "Session"),
	decoded_seq = ProtoField.uint32("ferry.decoded.seq", "First sequence of the generation"),
	decoded_epoch = ProtoField.uint16("ferry.decoded.epoch", "Source epoch"),
	decoded_reserved = ProtoField.uint16("ferry.decoded.reserved", "Reserved", base.HEX),

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

local decoded_layout = {
	{f.decoded_conference, 4}, {f.decoded_session, 4}, {f.decoded_seq, 4}, {f.decoded_epoch, 2},
	{f.decoded_reserved, 2},
}

-- Bits of 32-bit numbers, by whichever library this Lua has; one of them has signed results.
local bits = bit32 or bit
local WORD = 4294967296
local function xor(a, b)
	return bits.bxor(a, b) % WORD
end
local function shift(a, right)
	return right > 0 and math.floor(a / 2 ^ right) or a * 2 ^ -right % WORD
end
-- Products of 32-bit numbers do not fit a double.
local function times(a, b)
	return (a % 65536 * b + math.floor(a / 65536) * (b % 65536) % 65536 * 65536) % WORD
end

-- The state of TinyMT32 (RFC 8682) after one step.
local function tinymt32_step(s)
	local x = xor(xor(s[0] % 0x80000000, s[1]), s[2])
	x = xor(x, shift(x, -1))
	local y = xor(s[3], xor(shift(s[3], 1), x))
	local odd = y % 2 == 1
	return {
		[0] = s[1], [1] = odd and xor(s[2], 0x8f7011ee) or s[2],
		[2] = xor(xor(x, shift(y, -10)), odd and 0xfc78ff1f or 0), [3] = y,
	}
end

-- The coefficients that a seed stands for, in hexadecimal.
local function seed_coefficients(seed, n)
	local s, found = {[0] = seed, 0x8f7011ee, 0xfc78ff1f, 0x3793fdff}, {}
	for i = 1, 7 do
		local before = s[(i - 1) % 4]
		before = xor(before, shift(before, 30))
		s[i % 4] = xor(s[i % 4], (i + times(before, 1812433253)) % WORD)
	end
	for _ = 1, 8 do
		s = tinymt32_step(s)
	end
	while #found < n do
		s = tinymt32_step(s)
		local mixed = (s[0] + shift(s[2], 8)) % WORD
		local number = xor(xor(s[3], mixed), mixed % 2 == 1 and 0x3793fdff or 0)
		if number % 256 ~= 0 then
			found[#found + 1] = string.format("%02x", number % 256)
		end
	end
	return table.concat(found)
end

-- What a receiver finds wrong with the coding header at an offset of a datagram of size bytes.
local function judge_coding(tvb, at, size)
	if size - at < CODING_BYTES then
		return "coding_truncated"
	end
	local kind, low, n = tvb(at, 1):bitfield(0, 4), tvb(at, 1):bitfield(4, 4), tvb(at + 1, 1):uint()
	if kind > RECODED or low > 2 or n == 0 or n > SPAN_MAX then
		return "coding_malformed"
	end
	if kind == SYSTEMATIC then
		local wrong = tvb(at + 2, 1):uint() >= n or low == 1 and n > 1
		return wrong and "coding_malformed" or nil
	end
	at = at + CODING_BYTES
	if kind == RECODED then
		if size - at < n then
			return "coding_truncated"
		elseif not tostring(tvb(at, n):bytes()):find("[^0]") then
			return "coding_zero"
		end
		at = at + n
	end
	return size - at < SYMBOL_HEAD_BYTES and "coding_truncated" or nil
end

-- Shows the coding header at an offset, which is right; returns the offset after it, and a text.
local function show_coding(tvb, at, tree)
	local kind, n = tvb(at, 1):bitfield(0, 4), tvb(at + 1, 1):uint()
	local size = CODING_BYTES + (kind == RECODED and n or 0)
	local item = tree:add(f.coding, tvb(at, size))
	local text = kind_names[kind] .. " of " .. n
	item:add(f.coding_kind, tvb(at, 1))
	item:add(f.coding_window, tvb(at, 1))
	item:add(f.coding_final, tvb(at, 1))
	item:add(f.coding_n, tvb(at + 1, 1))
	if kind == SYSTEMATIC then
		item:add(f.coding_index, tvb(at + 2, 1))
		item:add(f.coding_reserved, tvb(at + 3, 1))
		text = text .. " index " .. tvb(at + 2, 1):uint()
	elseif kind == SEEDED then
		local coefficients = ByteArray.new(seed_coefficients(tvb(at + 2, 2):uint(), n))
		item:add(f.coding_seed, tvb(at + 2, 2))
		item:add(f.coding_coefficients, coefficients:tvb("Coefficients")()):set_generated()
	else
		item:add(f.coding_reserved, tvb(at + 2, 2))
		item:add(f.coding_coefficients, tvb(at + CODING_BYTES, n))
	end
	item:append_text(": " .. text)
	return at + size, text
end

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
	local _, _, destination = pathlet_at(tvb, at)
	tree:add(f.route, tvb(at, tvb(at, 2):uint()), route):set_generated()
	at = at + tvb(at, 2):uint()
	if size - at < SESSION_BYTES then
		return reason, route
	end
	local session = tree:add(f.session, tvb(at, SESSION_BYTES))
	local text = string.format("conference %d session %d seq %d flow %d",
		tvb(at, 4):uint(), tvb(at + 4, 4):uint(), tvb(at + 8, 4):uint(), tvb(at + 20, 1):uint())
	local coded = tvb(at + 21, 1):bitfield(7, 1) == 1
	session:append_text(": " .. text)
	at = add_fields(session, tvb, at, session_layout)
	if coded then
		local wrong = judge_coding(tvb, at, size)
		if not wrong then
			local coding
			at, coding = show_coding(tvb, at, tree)
			text = text .. "  " .. coding
		elseif destination then
			reason = reason or wrong
		end
	end
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

local function dissect_decoded(tvb, at, size, tree)
	if size - at < DECODED_BYTES then
		return "decoded_malformed", ""
	end
	local item = tree:add(f.decoded, tvb(at, DECODED_BYTES))
	local text = string.format("conference %d session %d from seq %d", tvb(at, 4):uint(),
		tvb(at + 4, 4):uint(), tvb(at + 8, 4):uint())
	item:append_text(": " .. text)
	add_fields(item, tvb, at, decoded_layout)
	return nil, text
end

local bodies = {
	[DATA] = dissect_data, [FEEDBACK] = dissect_feedback, [DECODED] = dissect_decoded,
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
