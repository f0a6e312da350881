using System.Net;
using Ledger.Core;
using Ledger.Node.Api;

namespace Ledger.Node.Tests.Api;

/// <summary>The page's files, and the content of transactions that it shows.</summary>
public sealed class StatusPageTests(SingleNode node) : IClassFixture<SingleNode>
{
    private const int FirstViewBytes = 100_000;

    private static readonly string[] Files = ["/", "/page/page.css", "/page/page.js", "/page/icon.svg"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_page_is_small_and_every_file_of_it_is_bound_by_its_policy()
    {
        var bytes = 0;
        foreach (var path in Files)
        {
            using var response = await node.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            bytes += (await response.Content.ReadAsByteArrayAsync(Token)).Length;
            var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        }

        Assert.InRange(bytes, 1, FirstViewBytes);
    }

    [Fact]
    public async Task The_page_refers_to_nothing_elsewhere_and_holds_no_script_of_its_own()
    {
        var page = await node.Http.GetStringAsync(new Uri("/", UriKind.Relative), Token);

        Assert.DoesNotContain("http:", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https:", page, StringComparison.Ordinal);
        Assert.DoesNotContain("style=", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\son\w+=", page);
        Assert.DoesNotMatch(@"<script[^>]*>[^<]", page);
    }

    [Fact]
    public async Task What_a_browser_has_is_not_sent_again()
    {
        using var first = await node.GetAsync("/page/page.js");
        using HttpRequestMessage again = new(HttpMethod.Get, "/page/page.js");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await node.Http.SendAsync(again, Token);

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.True(first.Headers.CacheControl!.NoCache);
    }

    [Fact]
    public async Task The_content_of_a_final_transaction_is_what_was_signed()
    {
        var transaction = Keys.Sign(
            TimeProvider.System, Keys.Admin, new Operation.DefineAsset("silver", 3),
            new Operation.Issue("silver", Keys.Writer.PublicKey, new(ulong.MaxValue)),
            new Operation.Grant(Keys.Stranger.PublicKey, Role.Writer, "content"),
            new Operation.Revoke(Keys.Stranger.PublicKey, Role.Writer, "content"));
        using var submitted = await node.PostAsync(RunningNode.Packed(transaction.Encoded), "?wait=final");

        var content = await node.GetAsync<ContentReply>($"/v1/transactions/{transaction.Hash}/content");

        Assert.Equal(
            (Keys.Admin.PublicKey.ToString(), transaction.Body.Nonce), (content.Sender, content.Nonce));
        Assert.Equal(
            [
                new("define-asset", Asset: "silver", Decimals: 3),
                new("issue", Asset: "silver", To: Keys.Writer.PublicKey.ToString(), Amount: ulong.MaxValue),
                new("grant", "content", Account: Keys.Stranger.PublicKey.ToString(), Role: "writer"),
                new("revoke", "content", Account: Keys.Stranger.PublicKey.ToString(), Role: "writer"),
            ],
            content.Operations);
    }

    [Theory]
    [InlineData("nonsense", 400, "malformed")]
    [InlineData("00000000000000000000000000000000000000000000000000000000000000ff", 404, "not_found")]
    public async Task What_is_not_final_here_has_no_content(string hash, int status, string code)
    {
        using var response = await node.GetAsync($"/v1/transactions/{hash}/content");

        await RunningNode.ProblemAsync(response, status, code);
    }
}
