using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Ledger.Machine;
using Ledger.Notifications;
using Ledger.Notifications.Mail;
using Ledger.Notifications.Webhooks;
using MailKit.Security;
using MimeKit;
using AuthenticationException = System.Security.Authentication.AuthenticationException;

namespace Ledger.Tests.Http;

/// <summary>Mail and webhooks say which part of a TLS handshake failed: here with a real TLS server.</summary>
public sealed class TlsFailureTests
{
    private const string Unsigned = "certificate is signed by no authority that this system trusts";

    [Fact]
    public Task A_certificate_of_nobody_known() => FailsAsync(" 's " + Unsigned, Serving(Certificate("localhost")));

    [Fact]
    public Task A_certificate_for_another_name() =>
        FailsAsync($" 's {Unsigned} and is for another host name", Serving(Certificate("example.com")));

    [Fact]
    public Task A_certificate_that_has_expired() =>
        FailsAsync($" 's {Unsigned} and has expired", Serving(Certificate("localhost", from: -2, to: -1)));

    [Fact]
    public Task A_certificate_that_is_not_valid_yet() =>
        FailsAsync($" 's {Unsigned} and is not valid yet", Serving(Certificate("localhost", from: 1, to: 2)));

    [Fact]
    public Task No_common_cipher() =>
        FailsAsync(" and this system have no TLS version or cipher in common", Serving(Certificate(), options =>
    {
        options.EnabledSslProtocols = SslProtocols.Tls12;
#pragma warning disable CA1416 // not on Windows, where no test runs
        // The key is no RSA key.
        options.CipherSuitesPolicy = new CipherSuitesPolicy([TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]);
#pragma warning restore CA1416
    }));

    /// <summary>The alert that a server of TLS 1.1 alone answers with (RFC 8446, appendix D.1).</summary>
    [Fact]
    public Task No_common_version() => FailsAsync(" and this system have no TLS version or cipher in common", async connection =>
    {
        await connection.ReceiveAsync(new byte[4096]);
        await connection.SendAsync(new byte[] { 21, 3, 1, 0, 2, 2, 70 }); // alert, fatal, protocol_version
    });

    [Fact]
    public Task Closed_during_the_handshake() =>
        FailsAsync(" broke the TLS handshake off", async connection => await connection.ReceiveAsync(new byte[4096]));

    [Fact]
    public Task Closed_at_its_beginning() => FailsAsync(" broke the TLS handshake off", _ => Task.CompletedTask);

    [Fact]
    public Task No_TLS_at_all() => FailsAsync(" does not speak TLS there", async connection =>
    {
        await connection.SendAsync(Encoding.ASCII.GetBytes("220 mail.example.com ESMTP\r\n"));
        await connection.ReceiveAsync(new byte[4096]);
    });

    [Fact]
    public void Each_fault_of_a_certificate_has_words_of_its_own()
    {
        Assert.True(TlsFailure.Check(null, null, null, SslPolicyErrors.None));
        using var good = Certificate("localhost");
        Assert.Equal("is for another host name", Problem(good, SslPolicyErrors.RemoteCertificateNameMismatch));
        using var expired = Certificate("localhost", from: -2, to: -1);
        Assert.Equal("has expired", Problem(expired, SslPolicyErrors.RemoteCertificateChainErrors));
        using var early = Certificate("localhost", from: 1, to: 2);
        Assert.Equal("is not valid yet", Problem(early, SslPolicyErrors.RemoteCertificateChainErrors));
        using var client = Certificate("localhost", usage: "1.3.6.1.5.5.7.3.2");
        Assert.Equal("is not fit (NotValidForUsage)", Problem(client, SslPolicyErrors.RemoteCertificateChainErrors));
        Assert.Equal("is missing", Refused(null, SslPolicyErrors.RemoteCertificateNotAvailable));
        Assert.Equal("is not valid", Refused(null, SslPolicyErrors.RemoteCertificateChainErrors));
        Assert.Equal("the TLS handshake with the receiver failed", TlsFailure.Describe("the receiver", new InvalidOperationException("?")));
    }

    /// <summary>Of a certificate that is trusted.</summary>
    private static string Problem(X509Certificate2 certificate, SslPolicyErrors errors)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1"));
        chain.Build(certificate);
        return Refused(chain, errors);
    }

    private static string Refused(X509Chain? chain, SslPolicyErrors errors) =>
        Assert.Throws<CertificateRefusedException>(() => TlsFailure.Check(null, null, chain, errors)).Problem;

    /// <summary>By mail and by webhook: the first connection is a mail's, the second a webhook's.</summary>
    private static async Task FailsAsync(string words, Func<Socket, Task> serve)
    {
        words = words.Replace(" 's ", "'s ", StringComparison.Ordinal);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var serving = ServeAsync(listener, serve);
        using var mail = new MimeMessage(
            [new MailboxAddress("", "a@example.com")],
            [new MailboxAddress("", "b@example.com")], "x", new TextPart("plain") { Text = "y" });
        var server = new SmtpServer("localhost", port, SecureSocketOptions.SslOnConnect);
        var failed = Assert.IsType<SendResult.Failed>(
            await MailSubmission.SubmitAsync(server, mail, CancellationToken.None));
        Assert.Equal(("the mail server" + words, false), (failed.Problem, failed.IsFinal));
        await serving;

        serving = ServeAsync(listener, serve);
        using var client = WebhookSender.Client();
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri($"https://localhost:{port}/")));
        Assert.Equal("the receiver" + words, WebhookSender.Problem(refused));
        await serving;
    }

    private static async Task ServeAsync(TcpListener listener, Func<Socket, Task> serve)
    {
        using var socket = await listener.AcceptSocketAsync();
        await serve(socket);
        socket.Shutdown(SocketShutdown.Send);
    }

    private static Func<Socket, Task> Serving(
        X509Certificate2 certificate, Action<SslServerAuthenticationOptions>? change = null) => async connection =>
    {
        await using var encrypted = new SslStream(new NetworkStream(connection));
        var options = new SslServerAuthenticationOptions { ServerCertificate = certificate };
        change?.Invoke(options);
        try
        {
            await encrypted.AuthenticateAsServerAsync(options);
            Assert.Equal(0, await encrypted.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false)); // it says nothing
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            // The client does not want it.
        }
    };

    /// <param name="from">In days from now, as is <paramref name="to"/>.</param>
    private static X509Certificate2 Certificate(string name = "localhost", int from = -1, int to = 1, string usage = "1.3.6.1.5.5.7.3.1")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(from), now.AddDays(to));
    }
}
