using Ledger.Pages;
using Ledger.Tests.Notifications;

namespace Ledger.Tests.Pages;

/// <summary>What a page says of a job claims no more than the counts do.</summary>
public sealed class WordsTests
{
    [Theory]
    [InlineData(0, 0, "Done: there was nothing to erase.")]
    [InlineData(3, 0, "Done: what was on the job's list is gone, and was looked for again and not found.")]
    [InlineData(3, 1, "Done: what was not skipped is gone, and was looked for again and not found. What was skipped may still be there.")]
    [InlineData(0, 2, "Done: nothing was erased. All that was found was skipped, for the reasons below.")]
    public void A_completed_job_is_said_to_have_erased_what_it_erased_and_no_more(long deleted, long skipped, string sentence)
    {
        var status = Given
            .Notification(change: job =>
                job with
                {
                    Result = job.Result with
                    {
                        TotalConversations = deleted + skipped,
                        ProcessedCount = deleted + skipped,
                        DeletedCount = deleted,
                        SkippedCount = skipped,
                    },
                }
            )
            .Status;
        Assert.Equal(sentence, Words.Sentence(status));
    }
}

public sealed class SignInTests
{
    [Theory]
    [InlineData("/jobs?status=failed", "/jobs?status=failed")]
    [InlineData("//elsewhere.example/", "/")]
    [InlineData("/\\elsewhere.example/", "/")]
    [InlineData("https://elsewhere.example/", "/")]
    [InlineData("/jobs\r\nSet-Cookie: a=b", "/")]
    [InlineData("/é", "/")]
    [InlineData(null, "/")]
    public void Whoever_signs_in_is_led_to_a_page_of_the_ledger_alone(string? next, string page) => Assert.Equal(page, SignIn.Local(next));
}
