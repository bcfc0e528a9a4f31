/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages: every type is read, and written again; what is no message is refused by a reason. */
#include "unit.h"

#include <libxml/relaxng.h>

#include "message.h"

static xmlRelaxNGPtr schema;

/* As another program would judge it. */
static bool
valid(const char *text, size_t size)
{
	xmlDocPtr doc = xmlReadMemory(text, (int)size, NULL, NULL,
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	xmlRelaxNGValidCtxtPtr ctx;
	bool right;

	if (doc == NULL)
		return false;
	ctx = xmlRelaxNGNewValidCtxt(schema);
	xmlRelaxNGSetValidErrors(ctx, NULL, NULL, NULL);
	right = xmlRelaxNGValidateDoc(ctx, doc) == 0;
	xmlRelaxNGFreeValidCtxt(ctx);
	xmlFreeDoc(doc);
	return right;
}

static void
quiet(void *ctx, const char *format, ...)
{
	(void)ctx;
	(void)format;
}

static int
load_schema(void **state)
{
	xmlRelaxNGParserCtxtPtr ctx = xmlRelaxNGNewParserCtxt(SCHEMA);

	(void)state;
	schema = xmlRelaxNGParse(ctx);
	xmlRelaxNGFreeParserCtxt(ctx);
	xmlSetGenericErrorFunc(NULL, quiet);
	return schema == NULL;
}

static int
free_schema(void **state)
{
	(void)state;
	xmlRelaxNGFree(schema);
	xmlCleanupParser();
	return 0;
}

static struct message *
parse(const char *text)
{
	struct message_fault fault;
	struct message *message = message_parse(text, strlen(text), &fault);

	if (message == NULL)
		fail_msg("%u %s\n%s", fault.code, fault.text, text);
	return message;
}

static void
assert_written(const struct message *message, const char *wanted)
{
	char error[MESSAGE_ERROR_MAX] = "";
	size_t size = 0;
	char *text = message_write(message, &size, error);

	if (text == NULL)
		fail_msg("%s", error);
	assert_string_equal(text, wanted);
	assert_int_equal(size, strlen(wanted));
	assert_true(valid(text, size));
	free(text);
}

/* From the tree that was read, and from the structure: both are what came. */
static void
assert_same(const char *text)
{
	struct message *message = parse(text), copy = *message;

	assert_true(valid(text, strlen(text)));
	assert_written(message, text);
	copy.tree = NULL;
	assert_written(&copy, text);
	message_free(message);
}

#define M(type, body)                                                                              \
	"<message type=\"" type "\" time=\"1700000000123\" to=\"n1\" from=\"^\" id=\"r:1-2.3\" "   \
	"hops=\"2\">" body "</message>"
#define M0(type) "<message type=\"" type "\" time=\"1700000000123\"/>"
#define REQUEST	 "<request time=\"1700000000001\" type=\"pipedef\" id=\"r:7\"/>"
#define FULL                                                                                       \
	"<pipeline conference=\"7\" session=\"2\"><name>cam</name><conferenceNa"                   \
	"me>talk</conferenceName><state>playing</state><source>1</source><rate>"                   \
	"800000</rate><burst>3000</burst><payload>1200</payload><coding>none</c"                   \
	"oding><priority>3</priority><weight>2</weight><queuePackets>10</queuePackets>"            \
	"<queueBytes>20000</queueBytes><queueMs>7</queueMs><reorderPackets>64</reor"               \
	"derPackets><reorderMs>50</reorderMs><window>1024</window><delaySensiti"                   \
	"ve>true</delaySensitive><play>true</play><destination node=\"3\"/><des"                   \
	"tination node=\"2147483647\"/><flow id=\"0\" weight=\"0\" path=\"5 &gt"                   \
	"; (3, 4)\"/><flow id=\"255\" weight=\"4294967295\" path=\"3\"/><ingres"                   \
	"s><kind>udp</kind><address>10.0.0.1</address><port>5004</port></ingres"                   \
	"s><rateTo host=\"10.0.0.9\" port=\"7000\"/><egress node=\"3\" kind=\"u"                   \
	"dp\" address=\"fd00::1\" port=\"6000\"/><egress node=\"4\" kind=\"file"                   \
	"\" file=\"/tmp/a b\"/><egress node=\"6\" kind=\"sink\"/></pipeline>"
#define CONTAINER                                                                                  \
	"<statsContainer><startTime>1368548254</startTime><endTime>1368548879</endTime>"           \
	"<numOfChildren>3</numOfChildren><id>1234567</id><statArray><DBValue><name>injitter</"     \
	"name>"                                                                                    \
	"<value>255.3</value></DBValue><DBValue><name>owd</name><value>1,2,0</value></DBValue>"    \
	"</statArray></statsContainer>"

static const char *const samples[] = {
	M("hello", "<info><name>n1</name><minaServerAddress host=\"10.9.0.1\" port=\"14982\"/>"
		   "<minaClientAddress host=\"10.9.0.1\" port=\"12054\"/>"
		   "<capacity>10000000000</capacity><ports><port name=\"wan\" "
		   "address=\"10.0.0.1/24\" mtu=\"1500\" udpport=\"13779\"/><port name=\"lan\" "
		   "address=\"fd00::1/64\"/></ports><pipelines><pipeline>30064771074</pipeline>"
		   "<pipeline>1</pipeline></pipelines></info>"),
	M("hello", "<info><name>n1</name><pipelines/></info>"),
	M0("bye"),
	M("bye", "<reason>it &lt;ends&gt; &amp; &quot;so&quot;</reason>"),
	M("kill", "<reason>told so</reason>"),
	M("childsupdate", "<numOfDescendants>2</numOfDescendants><children><child name=\"a\"/>"
			  "<child name=\"b\" parent=\"a\"/></children>"),
	M("childsupdate", "<numOfDescendants>0</numOfDescendants><children/>"),
	M("error", "<code>404</code><text>no such node</text>" REQUEST),
	M("error", "<code>400</code><text>no</text>"),
	M0("ping"),
	M("pong", "<request time=\"1700000000001\"/>"),
	M("redirect", "<parent name=\"relay1\" host=\"10.9.0.2\" port=\"13780\"/>"),
	M("redirect", "<parent name=\"^\"/>"),
	M("pipedef", FULL),
	M("pipedef", "<pipeline conference=\"7\" session=\"2\"><ingress><kind>generator</kin"
		     "d><generator>onoff</generator><size>100</size><onMs>5</onMs><offMs>6</"
		     "offMs><seed>9</seed><count>10</count></ingress></pipeline>"),
	M("pipedef", "<pipeline conference=\"7\" session=\"2\"><ingress><kind>generator</kin"
		     "d><generator>trace</generator><trace>/t</trace><fps>25000</fps></ingre"
		     "ss></pipeline>"),
	M("pipedef", "<pipeline conference=\"7\" session=\"2\"><ingress><kind>file</kind><fi"
		     "le>/f</file><size>1000</size></ingress></pipeline>"),
	M("routepipeline", "<pipeline conference=\"7\" session=\"2\"><flow id=\"1\" weight=\"1\" "
			   "path=\"3\"/></pipeline>"),
	M("playpipeline", "<pipeline conference=\"7\" session=\"2\"/>"),
	M("stoppipeline", "<pipeline conference=\"7\" session=\"2\"/>"),
	M("removepipeline", "<pipeline conference=\"4294967295\" session=\"4294967295\"/>"),
	M0("pipedefinfo"),
	M("pipedefinfo", REQUEST FULL FULL),
	M("stats", "<statsContainers>" CONTAINER CONTAINER "</statsContainers>"),
	M("stats", "<statsContainers/>"),
	M0("reqfullstats"),
	M("reqfullstats", "<pipeid>1234567</pipeid>"),
	M("fullstats", "<xmlDb><statsContainers>" CONTAINER "</statsContainers></xmlDb>"
		       "<endTime>1368548880</endTime>"),
	M("place", "<place><nodeid>5</nodeid><role>relay</role><parent name=\"^\"/>"
		   "<forwarding>open</forwarding><peers><peer id=\"6\" name=\"t\" "
		   "address=\"10.0.0.6\" udpport=\"9\" port=\"wan\" pacing=\"none\"/></peers>"
		   "<below><node name=\"b\"/><node name=\"c\" parent=\"b\"/></below></place>"),
	M("place", "<place><nodeid>5</nodeid><role>leaf</role><parent name=\"r\" host=\"h\" "
		   "port=\"1\"/><peers/><below/></place>"),
	M("congestion", "<congestion><node>r</node><peer>3</peer><conference>7</conference>"
			"<session>2</session><queuePackets>100</queuePackets>"
			"<queueBytes>120000</queueBytes><drops>12</drops>"
			"<utc>1700000000123456</utc></congestion>"),
	M("alert", "<alert><node>r</node><name>fraclost</name><level>danger</level>"
		   "<value>0.25</value><threshold>0.125</threshold><id>5</id></alert>"),
	M("linkloss", "<links><to peer=\"3\" loss=\"0\"/><to peer=\"2147483647\" loss=\"1000000\"/>"
		      "<from peer=\"3\" loss=\"9803\"/></links>"),
	M("linkloss", "<links/>"),
	M("wayloss", "<way conference=\"7\" session=\"2\" loss=\"97500\" regained=\"50000\"/>"),
	M0("conflist"),
	M("conflist", REQUEST "<conferences/>"),
	M("conflist", REQUEST "<conferences><conference id=\"7\" name=\"talk\" "
			      "start=\"1346596951000\" end=\"1346596952000\" sessions=\"2\">"
			      "<participant name=\"a\"/><participant name=\"b\"/></conference>"
			      "<conference id=\"8\"/></conferences>"),
	M("join", "<conference>7</conference><node>a</node>"),
	M("leave", "<conference>7</conference>"),
};

static void
test_every_type(void **state)
{
	bool seen[MESSAGE_TYPE_COUNT] = {false};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct message *message = parse(samples[i]);

		seen[message->type] = true;
		message_free(message);
		assert_same(samples[i]);
	}
	for (unsigned int i = 0; i < MESSAGE_TYPE_COUNT; i++) {
		if (!seen[i])
			fail_msg("no sample of %s", message_type_name(i));
	}
}

/* As the protocol's first users wrote them, blanks and all. */
static void
test_examples(void **state)
{
	struct message *m = parse(
		"<message type=\"hello\" to=\"^\" time=\"1367231998886\"><info><name>relay_14982"
		"</name><minaServerAddress host=\"198.51.100.199\" port=\"14982\"/>"
		"<minaClientAddress host=\"198.51.100.134\" port=\"12054\"/><pipelines/></info>"
		"</message>");

	(void)state;
	assert_int_equal(m->type, MESSAGE_HELLO);
	assert_int_equal(m->time, 1367231998886);
	assert_string_equal(m->to, "^");
	assert_string_equal(m->from, "");
	assert_string_equal(m->info.name, "relay_14982");
	assert_string_equal(m->info.server.host, "198.51.100.199");
	assert_int_equal(m->info.server.port, 14982);
	assert_string_equal(m->info.client.host, "198.51.100.134");
	assert_int_equal(m->info.client.port, 12054);
	assert_int_equal(m->info.nb_pipelines, 0);
	message_free(m);
	m = parse("<message type=\"stats\" time=\"1368548879000\"><statsContainers><statsContainer>"
		  "<startTime>1368548254</startTime>\n"
		  "<endTime>1368548879</endTime><numOfChildren>3</numOfChildren><id>1234567</id>"
		  "<statArray><DBValue><name>injitter</name><value>255.3</value></DBValue><DBValue>"
		  "<name>cumpktlost</name><value>12</value></DBValue></statArray></statsContainer>"
		  "</statsContainers></message>");
	assert_int_equal(m->stats.nb_containers, 1);
	assert_int_equal(m->stats.containers[0].start, 1368548254);
	assert_int_equal(m->stats.containers[0].end, 1368548879);
	assert_int_equal(m->stats.containers[0].children, 3);
	assert_int_equal(m->stats.containers[0].id, 1234567);
	assert_int_equal(m->stats.containers[0].nb_values, 2);
	assert_string_equal(m->stats.containers[0].values[0].name, "injitter");
	assert_string_equal(m->stats.containers[0].values[0].value, "255.3");
	assert_string_equal(m->stats.containers[0].values[1].value, "12");
	message_free(m);
}

static void
test_values(void **state)
{
	struct message *m = parse(M("pipedef", FULL));

	(void)state;
	assert_string_equal(m->to, "n1");
	assert_string_equal(m->from, "^");
	assert_string_equal(m->id, "r:1-2.3");
	assert_int_equal(m->hops, 2);
	assert_int_equal(m->pipeline.conference, 7);
	assert_int_equal(m->pipeline.nb_destinations, 2);
	assert_int_equal(m->pipeline.destinations[1], 2147483647);
	assert_int_equal(m->pipeline.nb_flows, 2);
	assert_string_equal(m->pipeline.flows[0].path, "5 > (3, 4)");
	assert_int_equal(m->pipeline.flows[1].weight, UINT32_MAX);
	assert_int_equal(m->pipeline.ingress.port, 5004);
	assert_string_equal(m->pipeline.egresses[1].file, "/tmp/a b");
	assert_true(m->pipeline.delay_sensitive);
	message_free(m);
	m = parse(M("error", "<code>400</code><text><![CDATA[a < b]]> &#x263A;&amp;&#10;c</text>"));
	assert_string_equal(m->error.text, "a < b \xe2\x98\xba&\nc");
	message_free(m);
	m = parse("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- a comment -->" M0("ping"));
	assert_int_equal(m->type, MESSAGE_PING);
	message_free(m);
	assert_int_equal(message_stream(7, 2), 30064771074);
	assert_int_equal(message_stream_conference(30064771074), 7);
	assert_int_equal(message_stream_session(30064771074), 2);
}

static void
assert_refused(const char *text, size_t size, uint32_t code, const char *reason)
{
	struct message_fault fault;

	if (message_parse(text, size, &fault) != NULL)
		fail_msg("it was taken: %.200s", text);
	if (fault.code != code || strstr(fault.text, reason) == NULL)
		fail_msg("%u %s\ninstead of %u ... %s\n%.200s", fault.code, fault.text, code,
			reason, text);
}

#define DEF(inside) M("pipedef", "<pipeline conference=\"1\" session=\"1\">" inside "</pipeline>")

/* What another program finds wrong with it too. */
static const struct {
	const char *text, *reason;
} wrong[] = {
	{"", "empty"},
	{"hello", "empty"},
	{"<message type=\"ping\" time=\"1\">", ""},
	{"<message type=\"ping\" time=\"1\"></massage>", "mismatch"},
	{"<message type=\"ping\" time=\"1\"/><message/>", "Extra content"},
	{"<message type=\"ping\" type=\"ping\" time=\"1\"/>", "redefined"},
	{"<message type=\"ping\" time=\"1\" id=\"\xff\"/>", ""},
	{"<massage type=\"ping\" time=\"1\"/>", "must be <message>"},
	{"<message type=\"ping\"/>", "type and a time"},
	{"<message time=\"1\"/>", "type and a time"},
	{"<message type=\"ping\" time=\"0\"/>", "time"},
	{"<message type=\"ping\" time=\"-1\"/>", "time"},
	{"<message type=\"ping\" time=\"1e3\"/>", "time"},
	{"<message type=\"ping\" time=\"9223372036854775808\"/>", "time"},
	{"<message type=\"ping\" time=\"1\" to=\"\"/>", "to is"},
	{"<message type=\"ping\" time=\"1\" to=\"a b\"/>", "to is"},
	{"<message type=\"ping\" time=\"1\" to=\"^*\"/>", "to is"},
	{"<message type=\"ping\" time=\"1\" from=\"*\"/>", "from is"},
	{"<message type=\"ping\" time=\"1\" from=\"../x\"/>", "from is"},
	{"<message type=\"ping\" time=\"1\" id=\"a b\"/>", "id must"},
	{"<message type=\"ping\" time=\"1\" hops=\"1000\"/>", "hops"},
	{"<message type=\"ping\" time=\"1\" hops=\"-1\"/>", "hops"},
	{"<message type=\"ping\" time=\"1\" colour=\"red\"/>", "colour"},
	{"<message type=\"ping\" time=\"1\"><a/></message>", "element a"},
	{"<message type=\"ping\" time=\"1\">text</message>", "has text"},
	{M("linkloss", "<links><to peer=\"3\" loss=\"1000001\"/></links>"), "loss"},
	{M("linkloss", "<links><from peer=\"3\" loss=\"-1\"/></links>"), "loss"},
	{M("linkloss", "<links><from peer=\"0\" loss=\"1\"/></links>"), "peer"},
	{M("linkloss", "<links><to peer=\"2147483648\" loss=\"1\"/></links>"), "peer"},
	{M("linkloss", "<links><to peer=\"3\"/></links>"), "no loss"},
	{M("wayloss", "<way conference=\"7\" session=\"2\" loss=\"0.5\" regained=\"0\"/>"), "loss"},
	{M("wayloss", "<way conference=\"7\" session=\"2\" loss=\"5\" regained=\"1e6\"/>"),
		"regained"},
	{M("wayloss", "<way conference=\"7\" session=\"2\" loss=\"5\"/>"), "no regained"},
	{M("hello", "<info><pipelines/></info>"), "no element name"},
	{M("hello", "<info><name/><pipelines/></info>"), "no name"},
	{M("hello", "<info><name>a</name><name>b</name><pipelines/></info>"), "twice"},
	{M("hello", "<info><name>a<b/></name><pipelines/></info>"), "beside"},
	{M("hello", "<info><name><b/></name><pipelines/></info>"), "text alone"},
	{M("hello", "<info>x<name>a</name><pipelines/></info>"), "beside"},
	{M("hello", "<info><name>a</name>x<pipelines/></info>"), "beside"},
	{M("hello", "<info><name>a</name><minaServerAddress host=\"h\" port=\"65536\"/>"
		    "<pipelines/></info>"),
		"port"},
	{M("hello", "<info><name>a</name><minaServerAddress host=\"h\"/><pipelines/></info>"),
		"no port"},
	{M("hello", "<info><name>a</name><pipelines><pipeline>-1</pipeline></pipelines></info>"),
		"pipeline"},
	{M("error", "<code>99</code><text>a</text>"), "code"},
	{M("error", "<code>1000</code><text>a</text>"), "code"},
	{M("error", "<code>404</code>"), "text"},
	{M("redirect", "<parent name=\"*\"/>"), "parent name"},
	{M("playpipeline", "<pipeline conference=\"1\"/>"), "no session"},
	{M("playpipeline", "<pipeline conference=\"0\" session=\"1\"/>"), "conference"},
	{M("playpipeline", "<pipeline conference=\"1\" session=\"1\" rate=\"1\"/>"), "rate"},
	{DEF("<rate>18446744073709551616</rate>"), "rate"},
	{DEF("<priority>8</priority>"), "priority"},
	{DEF("<play>1</play>"), "play"},
	{DEF("<destination node=\"0\"/>"), "node"},
	{DEF("<destination node=\"2147483648\"/>"), "node"},
	{DEF("<flow id=\"256\" weight=\"1\" path=\"2\"/>"), "id"},
	{DEF("<flow id=\"1\" path=\"2\"/>"), "weight"},
	{DEF("<ingress><kind>tcp</kind></ingress>"), "kind"},
	{DEF("<ingress><kind>udp</kind></ingress><ingress><kind>udp</kind></ingress>"), "twice"},
	{DEF("<egress node=\"1\" kind=\"udp\" port=\"65536\"/>"), "port"},
	{M("stats", ""), "statsContainers"},
	{M("stats", "<statsContainers><statsContainer/></statsContainers>"), "startTime"},
	{M("reqfullstats", "<pipeid>0</pipeid>"), "pipeid"},
	{M("reqfullstats", "<pipeid>1 2</pipeid>"), "pipeid"},
	{M("fullstats", "<xmlDb><statsContainers/></xmlDb>"), "endTime"},
	{M("place",
		 "<place><nodeid>2147483648</nodeid><role>leaf</role><parent name=\"^\"/><peers/>"
		 "<below/></place>"),
		"nodeid"},
	{M("place", "<place><nodeid>1</nodeid><role>king</role><parent name=\"^\"/><peers/><below/>"
		    "</place>"),
		"role"},
	{M("alert", "<alert><node>r</node><name>f</name><level>danger</level><value>nan</value>"
		    "<threshold>1</threshold></alert>"),
		"value"},
	{M("join", "<conference>0</conference>"), "conference"},
};

static void
test_wrong(void **state)
{
	char text[9000];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_refused(wrong[i].text, strlen(wrong[i].text), MESSAGE_CODE_MALFORMED,
			wrong[i].reason);
		if (valid(wrong[i].text, strlen(wrong[i].text)))
			fail_msg("the schema takes it: %s", wrong[i].text);
	}
	assert_refused(M0("helo"), strlen(M0("helo")), MESSAGE_CODE_UNSUPPORTED, "helo");
	assert_false(valid(M0("helo"), strlen(M0("helo"))));
	snprintf(text, sizeof(text), DEF("<coding>%08192d</coding>"), 0);
	assert_same(text);
	snprintf(text, sizeof(text), DEF("<coding>%08193d</coding>"), 0);
	assert_refused(text, strlen(text), MESSAGE_CODE_MALFORMED, "coding");
	assert_false(valid(text, strlen(text)));
}

/* What is XML, but nothing that a stranger may send. */
static const struct {
	const char *text, *reason;
} hostile[] = {
	{"<!DOCTYPE message><message type=\"ping\" time=\"1\"/>", "document type"},
	{"<!DOCTYPE a [<!ENTITY b \"c\"><!ENTITY d \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">"
	 "<!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;\">]><message type=\"ping\" time=\"1\">&e;"
	 "</message>",
		"document type"},
	{"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><message type=\"ping\" time=\"1\"/>",
		"document type"},
	{"<!DOCTYPE a PUBLIC \"b\" \"http://127.0.0.1:1/x\"><message type=\"ping\" time=\"1\"/>",
		"document type"},
	{M("error", "<code>400</code><text>&lol;</text>"), "lol"},
	{"<message type=\"ping\" time=\"1\" id=\"&lol;\"/>", "lol"},
	{"<?php x ?><message type=\"ping\" time=\"1\"/>", "processing instruction"},
	{"<message xmlns=\"urn:x\" type=\"ping\" time=\"1\"/>", "name spaces"},
	{"<x:message xmlns:x=\"urn:x\" type=\"ping\" time=\"1\"/>", "name spaces"},
	{"<message xml:lang=\"de\" type=\"ping\" time=\"1\"/>", "prefix"},
	{"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><message type=\"ping\" time=\"1\"/>",
		"UTF-8"},
	{"<a><a><a><a><a><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></a></a></a></a></a>",
		"deep"},
	{"\xff\xfe<\0m\0", ""},
};

static void
test_hostile(void **state)
{
	char *large = malloc(MESSAGE_BYTES_MAX + 2), *at = large;

	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
		assert_refused(hostile[i].text, strlen(hostile[i].text), MESSAGE_CODE_MALFORMED,
			hostile[i].reason);
	assert_refused(
		"<message type=\"ping\" time=\"1\"/>\0", 34, MESSAGE_CODE_MALFORMED, "byte 0");
	memset(large, ' ', MESSAGE_BYTES_MAX + 2);
	assert_refused(large, MESSAGE_BYTES_MAX + 1, MESSAGE_CODE_LARGE, "may be");
	/* Many attributes, many elements, a long text, a long name. */
	at += sprintf(at, "<message");
	for (int i = 0; i < 17; i++)
		at += sprintf(at, " a%d='1'", i);
	at = stpcpy(at, "/>");
	assert_refused(large, (size_t)(at - large), MESSAGE_CODE_MALFORMED, "17 attributes");
	at = large;
	at += sprintf(at, "<a>");
	while (at < large + MESSAGE_BYTES_MAX - 8)
		at = stpcpy(at, "<b/>");
	at = stpcpy(at, "</a>");
	assert_refused(large, (size_t)(at - large), MESSAGE_CODE_MALFORMED, "65536 elements");
	memset(large, 'a', MESSAGE_BYTES_MAX);
	memcpy(large, "<b>", 3);
	assert_refused(large, MESSAGE_BYTES_MAX, MESSAGE_CODE_MALFORMED, "65536 bytes");
	memcpy(large, "<baaa", 3);
	assert_refused(large, MESSAGE_BYTES_MAX, MESSAGE_CODE_MALFORMED, "");
	free(large);
}

/* Every beginning of a message is refused, and every byte that is changed does no harm. */
static void
test_damaged(void **state)
{
	struct message_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		size_t len = strlen(samples[i]);
		char *text = strdup(samples[i]);

		for (size_t n = 0; n < len; n += 3)
			assert_null(message_parse(text, n, &fault));
		for (size_t n = 0; n < len; n += 5) {
			char was = text[n];

			text[n] = "\"<>&= \n/0"[n % 9];
			message_free(message_parse(text, len, &fault));
			text[n] = was;
		}
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_type),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, load_schema, free_schema);
}
