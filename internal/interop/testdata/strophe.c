/* A client of libstrophe: strophe NAME JID PORT starttls|direct CAFILE, the password in the variable PASSWORD.
 *
 * It logs in, sends presence and answers every chat message with "heard: " and its body, but to "cut" it breaks its
 * connection, comes back and resumes, and to "bye" it logs out. What happens it tells in lines of JSON, like slix.py. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strophe.h>
#include <sys/socket.h>

static const char *name;
static unsigned short port;
static int fd, leaving;

/* text writes a key and a JSON text. */
static void text(const char *key, const char *s)
{
	printf(", \"%s\": \"", key);
	for (; s && *s; s++) {
		if ((unsigned char)*s < ' ' || *s == '"' || *s == '\\')
			printf("\\u%04x", (unsigned char)*s);
		else
			putchar(*s);
	}
	putchar('"');
}

static void begin(const char *event)
{
	printf("{\"as\": \"%s\", \"event\": \"%s\"", name, event);
}

static void end(void)
{
	puts("}");
	fflush(stdout);
}

/* logged finds out about stream management, of which the library says nothing otherwise. */
static void logged(void *unused, xmpp_log_level_t level, const char *area, const char *msg)
{
	(void)unused;
	(void)level;
	const char *what[] = {"RECV: <enabled", "RECV: <resumed", "RECV: <failed", "SENT: <auth "};
	for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
		if (!strncmp(msg, what[i], strlen(what[i]))) {
			begin("wire");
			text("text", msg);
			end();
		}
	}
	fprintf(stderr, "%s: %s\n", area, msg);
}

static int sees_presence(xmpp_conn_t *conn, xmpp_stanza_t *s, void *unused)
{
	(void)conn;
	(void)unused;
	begin("presence");
	text("from", xmpp_stanza_get_from(s));
	text("type", xmpp_stanza_get_type(s));
	end();
	return 1;
}

static int hears(xmpp_conn_t *conn, xmpp_stanza_t *s, void *unused)
{
	(void)unused;
	xmpp_ctx_t *ctx = xmpp_conn_get_context(conn);
	char *body = xmpp_message_get_body(s);
	xmpp_stanza_t *delay = xmpp_stanza_get_child_by_ns(s, "urn:xmpp:delay");
	begin("message");
	text("from", xmpp_stanza_get_from(s));
	text("type", xmpp_stanza_get_type(s));
	text("body", body);
	text("delay", delay ? xmpp_stanza_get_attribute(delay, "stamp") : "");
	end();
	if (body && !strcmp(body, "cut")) {
		shutdown(fd, SHUT_RDWR);
	} else if (body && !strcmp(body, "bye")) {
		leaving = 1;
		xmpp_disconnect(conn);
	} else if (body) {
		char answer[4096];
		snprintf(answer, sizeof answer, "heard: %s", body);
		xmpp_stanza_t *m = xmpp_message_new(ctx, "chat", xmpp_stanza_get_from(s), NULL);
		xmpp_message_set_body(m, answer);
		xmpp_send(conn, m);
		xmpp_stanza_release(m);
	}
	if (body)
		xmpp_free(ctx, body);
	return 1;
}

static int opened(xmpp_conn_t *conn, void *sock)
{
	(void)conn;
	fd = *(int *)sock;
	return 0;
}

static void changed(xmpp_conn_t *conn, xmpp_conn_event_t event, int error, xmpp_stream_error_t *se, void *unused)
{
	(void)unused;
	xmpp_ctx_t *ctx = xmpp_conn_get_context(conn);
	if (event == XMPP_CONN_CONNECT) {
		begin("session_start");
		text("from", xmpp_conn_get_bound_jid(conn));
		text("text", xmpp_conn_is_secured(conn) ? "secured" : "clear");
		end();
		static int before;
		if (before++) /* resumed: the server knows our presence */
			return;
		xmpp_handler_add(conn, hears, NULL, "message", NULL, NULL);
		xmpp_handler_add(conn, sees_presence, NULL, "presence", NULL, NULL);
		xmpp_stanza_t *p = xmpp_presence_new(ctx);
		xmpp_send(conn, p);
		xmpp_stanza_release(p);
		return;
	}
	begin("disconnected");
	text("text", se ? se->text : "");
	end();
	if (leaving || event != XMPP_CONN_DISCONNECT) {
		xmpp_stop(ctx);
		return;
	}
	(void)error;
	xmpp_conn_set_sm_state(conn, xmpp_conn_get_sm_state(conn));
	if (xmpp_connect_client(conn, "127.0.0.1", port, changed, NULL) != XMPP_EOK)
		xmpp_stop(ctx);
}

int main(int argc, char **argv)
{
	if (argc != 6)
		return 2;
	name = argv[1];
	port = (unsigned short)atoi(argv[3]);
	xmpp_log_t log = {logged, NULL};
	signal(SIGPIPE, SIG_IGN); /* the library writes to a connection that we cut */
	xmpp_initialize();
	xmpp_ctx_t *ctx = xmpp_ctx_new(NULL, &log);
	xmpp_ctx_set_timeout(ctx, 20); /* ms between looks at the socket */
	xmpp_conn_t *conn = xmpp_conn_new(ctx);
	xmpp_conn_set_flags(conn, !strcmp(argv[4], "direct") ? XMPP_CONN_FLAG_LEGACY_SSL : XMPP_CONN_FLAG_MANDATORY_TLS);
	xmpp_conn_set_cafile(conn, argv[5]);
	xmpp_conn_set_sockopt_callback(conn, opened);
	xmpp_conn_set_jid(conn, argv[2]);
	xmpp_conn_set_pass(conn, getenv("PASSWORD"));
	if (xmpp_connect_client(conn, "127.0.0.1", port, changed, NULL) == XMPP_EOK)
		xmpp_run(ctx);
	xmpp_conn_release(conn);
	xmpp_ctx_free(ctx);
	xmpp_shutdown();
	return 0;
}
