/* The C client that our clients are measured against: one blocking connection after the other, on the OpenSSL that
 * Python uses too. `c_client PORT_UPGRADE PORT_IMPLICIT CA_FILE NAME SUITES` reads jobs from stdin, "MODE COUNT" a line, does
 * each, and answers "done". MODE: "bare" (connect, handshake, close), "upgrade" (connect, EHLO, STARTTLS, handshake,
 * close) or "quit" (the same, with QUIT and its answer inside TLS). The certificate is verified, chain and name.
 *
 * The prototypes are written out, so that libssl3 is enough and its headers are not needed. */

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_st SSL;

const void *TLS_client_method(void);
SSL_CTX *SSL_CTX_new(const void *method);
int SSL_CTX_load_verify_locations(SSL_CTX *context, const char *file, const char *folder);
int SSL_CTX_set_cipher_list(SSL_CTX *context, const char *suites);
void SSL_CTX_set_verify(SSL_CTX *context, int mode, void *callback);
long SSL_ctrl(SSL *tls, int command, long number, void *value);
SSL *SSL_new(SSL_CTX *context);
int SSL_set1_host(SSL *tls, const char *name);
int SSL_set_fd(SSL *tls, int fd);
int SSL_connect(SSL *tls);
int SSL_read(SSL *tls, void *data, int size);
int SSL_write(SSL *tls, const void *data, int size);
int SSL_shutdown(SSL *tls);
void SSL_free(SSL *tls);
const char *OpenSSL_version(int what);

enum { VERIFY_PEER = 1, CTRL_SET_TLSEXT_HOSTNAME = 55, LINE = 4096 };

static void need(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "c_client: %s failed\n", what);
        exit(1);
    }
}

static int dial(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    need(connect(fd, (struct sockaddr *)&address, sizeof address) == 0, "connect");
    return fd;
}

/* Read one whole reply in plaintext, of one line or many, which must have this code. */
static void expect(int fd, const char *code, char *reply)
{
    size_t length = 0, last = 0;

    for (;;) {
        ssize_t count = read(fd, reply + length, LINE - 1 - length);
        need(count > 0, "read");
        reply[length += (size_t)count] = '\0';
        for (char *end; (end = strstr(reply + last, "\r\n")) != NULL; last = (size_t)(end + 2 - reply)) {
            need(strncmp(reply + last, code, 3) == 0, code);
            if (reply[last + 3] != '-') {
                need(end[2] == '\0', "end of a reply");
                return;
            }
        }
    }
}

static void say(int fd, const char *command)
{
    need(write(fd, command, strlen(command)) == (ssize_t)strlen(command), "write");
}

static void visit(SSL_CTX *context, int port, const char *name, int upgrade, int quit)
{
    char reply[LINE];
    int fd = dial(port);
    SSL *tls = SSL_new(context);

    if (upgrade) {
        expect(fd, "220", reply);
        say(fd, "EHLO client.example.org\r\n");
        expect(fd, "250", reply);
        need(strstr(reply, "STARTTLS\r\n") != NULL, "the offer of STARTTLS");
        say(fd, "STARTTLS\r\n");
        expect(fd, "220", reply);
    }
    SSL_set_fd(tls, fd);
    SSL_ctrl(tls, CTRL_SET_TLSEXT_HOSTNAME, 0, (void *)name);
    need(SSL_set1_host(tls, name) == 1, "the name to verify");
    need(SSL_connect(tls) == 1, "handshake");
    if (quit) {
        need(SSL_write(tls, "QUIT\r\n", 6) == 6, "write inside TLS");
        need(SSL_read(tls, reply, LINE) > 3 && strncmp(reply, "221", 3) == 0, "221");
    }
    SSL_shutdown(tls);
    SSL_free(tls);
    close(fd);
}

int main(int count, char **arguments)
{
    char mode[16];
    int visits;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    need(count == 6, "usage: PORT_UPGRADE PORT_IMPLICIT CA_FILE NAME SUITES");
    need(SSL_CTX_load_verify_locations(context, arguments[3], NULL) == 1, "CA file");
    need(SSL_CTX_set_cipher_list(context, arguments[5]) == 1, "suites");
    SSL_CTX_set_verify(context, VERIFY_PEER, NULL);
    printf("%s\n", OpenSSL_version(0));
    fflush(stdout);
    while (scanf("%15s %d", mode, &visits) == 2) {
        int upgrade = strcmp(mode, "bare") != 0, quit = strcmp(mode, "quit") == 0;
        while (visits-- > 0)
            visit(context, atoi(arguments[upgrade ? 1 : 2]), arguments[4], upgrade, quit);
        printf("done\n");
        fflush(stdout);
    }
    return 0;
}
