using Ledger.Notifications.Mail;
using MailKit.Security;

namespace Ledger.Tests.Notifications;

public sealed class SmtpServerTests
{
    [Theory]
    [InlineData("smtp://mail.example.com", "mail.example.com", 587, SecureSocketOptions.StartTls, null, null)]
    [InlineData("smtp://mail.example.com:25?starttls=never", "mail.example.com", 25, SecureSocketOptions.None, null, null)]
    [InlineData("smtp://ada:pw@mail.example.com:2525/?starttls=required", "mail.example.com", 2525, SecureSocketOptions.StartTls,
        "ada", "pw")]
    [InlineData("smtp://ada%40example.com:p%3A%2F%40%25@mail.example.com", "mail.example.com", 587,
        SecureSocketOptions.StartTls, "ada@example.com", "p:/@%")]
    [InlineData("smtp://127.0.0.1:1025", "127.0.0.1", 1025, SecureSocketOptions.None, null, null)]
    [InlineData("smtp://ada:pw@localhost:1025", "localhost", 1025, SecureSocketOptions.None, "ada", "pw")]
    [InlineData("smtp://localhost:1025?starttls=required", "localhost", 1025, SecureSocketOptions.StartTls, null, null)]
    [InlineData("smtp://[::1]:1025", "::1", 1025, SecureSocketOptions.None, null, null)]
    [InlineData("smtps://ada:pw@mail.example.com", "mail.example.com", 465, SecureSocketOptions.SslOnConnect, "ada", "pw")]
    [InlineData("smtps://localhost:4650/", "localhost", 4650, SecureSocketOptions.SslOnConnect, null, null)]
    public void A_server_is_read_and_encryption_is_required_except_on_this_machine(
        string url, string host, int port, SecureSocketOptions encryption, string? user, string? password) =>
        Assert.Equal(new SmtpServer(host, port, encryption, user, password), SmtpServer.Parse(url));

    [Theory]
    [InlineData("mail.example.com")]
    [InlineData("mail.example.com:587")]
    [InlineData("http://mail.example.com")]
    [InlineData("smtp://")]
    [InlineData("smtp://mail.example.com/path")]
    [InlineData("smtp://mail.example.com#part")]
    [InlineData("smtp://mail.example.com?starttls=no")]
    [InlineData("smtp://mail.example.com?tls=required")]
    [InlineData("smtp://ada@mail.example.com")]
    [InlineData("smtp://ada:@mail.example.com")]
    [InlineData("smtp://ada:sesame:sesame@mail.example.com")]
    [InlineData("smtp://ada:sesame@mail.example.com?starttls=never")]
    [InlineData("smtps://ada:sesame@mail.example.com?starttls=never")]
    [InlineData("smtps://ada:sesame@mail.example.com?starttls=required")]
    public void What_cannot_be_meant_is_refused_without_quoting_a_password(string url) =>
        Assert.DoesNotContain("sesame", Assert.Throws<FormatException>(() => SmtpServer.Parse(url)).Message, StringComparison.Ordinal);
}
