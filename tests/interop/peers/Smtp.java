// Speaks SMTP with STARTTLS (RFC 3207) through JSSE, the TLS of Java, layered over a socket already in use.
//
//     java Smtp.java client PORT CA_FILE VERSION
//     java Smtp.java server PORT PKCS12_FILE PASSWORD VERSION
//
// VERSION is TLSv1.2 or TLSv1.3. The client verifies "localhost", asks NOOP, prints what it hears inside TLS, and
// ends with status 1 where there was no session. The server serves one client after another on 127.0.0.1.

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Locale;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

public final class Smtp {
    private static final String NAME = "localhost";
    private static final int MILLISECONDS = 10_000;

    private final Socket socket;

    private Smtp(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(MILLISECONDS);
    }

    public static void main(String[] words) throws Exception {
        int port = Integer.parseInt(words[1]);
        if (words[0].equals("client")) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                visit(socket, trusting(words[2]), words[3]);
            } catch (IOException error) {
                System.out.println(error);
                System.exit(1);
            }
            return;
        }
        SSLContext context = proving(words[2], words[3].toCharArray());
        try (ServerSocket listener = new ServerSocket(port, 5, InetAddress.getLoopbackAddress())) {
            while (true) {
                try (Socket socket = listener.accept()) {
                    serve(socket, context, words[4]);
                } catch (IOException error) {
                    System.out.println(error);
                }
            }
        }
    }

    private static void visit(Socket socket, SSLContext context, String version) throws IOException {
        Smtp plain = new Smtp(socket);
        plain.reply();
        if (!plain.ask("EHLO client.test").contains("STARTTLS")) {
            throw new IOException("no STARTTLS");
        }
        if (!plain.ask("STARTTLS").startsWith("220")) {
            throw new IOException("refused");
        }
        SSLSocket inside = layer(socket, context, version);
        SSLParameters parameters = inside.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS"); // verifies the name as RFC 2818 §3.1 says
        inside.setSSLParameters(parameters);
        inside.startHandshake();
        System.out.println(inside.getSession().getProtocol() + " " + inside.getSession().getCipherSuite());
        Smtp smtp = new Smtp(inside);
        for (String command : new String[] {"EHLO client.test", "NOOP", "QUIT"}) {
            System.out.print(smtp.ask(command));
        }
        inside.close();
    }

    private static void serve(Socket socket, SSLContext context, String version) throws IOException {
        Smtp smtp = new Smtp(socket);
        smtp.say("220 localhost ESMTP");
        while (true) {
            String command = smtp.line();
            switch (command.split(" ")[0].toUpperCase(Locale.ROOT)) {
                case "EHLO" -> smtp.say(smtp.isInside() ? "250 HELP" : "250-localhost\r\n250 STARTTLS");
                case "NOOP" -> smtp.say("250 2.0.0 " + (smtp.isInside() ? "inside TLS" : "in plaintext"));
                case "STARTTLS" -> {
                    smtp.say("220 2.0.0 Go ahead");
                    SSLSocket inside = layer(socket, context, version);
                    inside.setUseClientMode(false);
                    inside.startHandshake();
                    smtp = new Smtp(inside);
                }
                case "QUIT" -> {
                    smtp.say("221 2.0.0 Bye");
                    smtp.socket.close();
                    return;
                }
                default -> smtp.say("500 5.5.2 Not known");
            }
        }
    }

    /** TLS over a socket on which plaintext has been spoken; what is below it is closed with it. */
    private static SSLSocket layer(Socket socket, SSLContext context, String version) throws IOException {
        SSLSocket inside = (SSLSocket) context.getSocketFactory().createSocket(socket, NAME, socket.getPort(), true);
        inside.setEnabledProtocols(new String[] {version});
        return inside;
    }

    private static SSLContext trusting(String file) throws GeneralSecurityException, IOException {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (InputStream pem = new FileInputStream(file)) {
            trusted.setCertificateEntry("root", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        return context(null, trust.getTrustManagers());
    }

    private static SSLContext proving(String file, char[] password) throws GeneralSecurityException, IOException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(KeyStore.getInstance(new File(file), password), password);
        return context(keys.getKeyManagers(), null);
    }

    private static SSLContext context(KeyManager[] keys, TrustManager[] trust) throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys, trust, null);
        return context;
    }

    private boolean isInside() {
        return socket instanceof SSLSocket;
    }

    private String ask(String command) throws IOException {
        say(command);
        return reply();
    }

    private void say(String line) throws IOException {
        socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    private String reply() throws IOException {
        StringBuilder reply = new StringBuilder();
        String line;
        do {
            line = line();
            reply.append(line).append('\n');
        } while (line.startsWith("-", 3));
        return reply.toString();
    }

    /** One line, read byte by byte: not a byte of TLS may be taken for plaintext. */
    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int octet = socket.getInputStream().read(); octet != '\n'; octet = socket.getInputStream().read()) {
            if (octet < 0) {
                throw new IOException("closed");
            }
            if (octet != '\r') {
                line.write(octet);
            }
        }
        return line.toString(StandardCharsets.US_ASCII);
    }
}
