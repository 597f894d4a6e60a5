using Ledger.Notifications.Mail;
using Ledger.Tests.Notifications;

namespace Ledger.SystemTests.Browser;

/// <summary>The HTML of the completion mail, as a mail program shows it.</summary>
public sealed class MailTests
{
    [SkippableTheory]
    [InlineData(375, false)]
    [InlineData(800, true)]
    public async Task The_mail_fits_a_phone_and_a_window_however_long_the_bots_id_is(int width, bool dark)
    {
        Requires.That(Chromium.IsInstalled, Chromium.Missing);
        var page = await Chromium.OpenAsync(new Uri("http://127.0.0.1/"), width, dark);
        await page.SetContentAsync(
            CompletionMail.Html(CompletionReport.Of(Given.Notification(bot: new string('w', 128)), new Uri("https://ledger.example/")))
        );
        Assert.Equal(width, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        Assert.Equal("Certificate of erasure", await page.Locator("a").InnerTextAsync());
        await page.Context.CloseAsync();
    }
}
