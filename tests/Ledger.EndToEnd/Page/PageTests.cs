using System.Net;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd.Page;

/// <summary>
/// The status page as people see it: in a real browser, wide and narrow, light and dark, by keyboard alone.
/// </summary>
[Collection(Alone.Name)]
public sealed class PageTests(RunningNetwork running) : IClassFixture<RunningNetwork>
{
    private const int FirstViewBytes = 100_000;

    private TestNetwork Network => running.Network;

    private TestNode Node => Network.Nodes[0];

    private Uri Url => new(Node.HttpUrl, "/");

    [Theory]
    [InlineData(1280, 900, false, false, "desktop-light")]
    [InlineData(1280, 900, false, true, "desktop-dark")]
    [InlineData(390, 844, true, false, "phone-light")]
    [InlineData(390, 844, true, true, "phone-dark")]
    public async Task It_shows_the_network_and_what_happens_in_it(
        int width, int height, bool isPhone, bool isDark, string name)
    {
        Assert.SkipUnless(Chromium.IsHere, "the page is looked at with chromium");
        await TestClient.FinalAsync(Node, new TestClient(Network).Put("page/before", name));
        await using var browser = await Chromium.StartAsync();
        var tab = await browser.OpenAsync(width, height, isPhone, isDark);
        await tab.GoAsync(Url);
        await tab.UntilAsync("document.querySelector('#verdict').textContent === 'The network advances'");
        await tab.UntilAsync("document.querySelectorAll('#validators tr').length === 4");
        await tab.UntilAsync("document.querySelector('#live').textContent === 'live'");

        var final = await TestClient.FinalAsync(Node, new TestClient(Network).Put("page/live", name));
        await tab.UntilAsync(
            $"document.querySelector('#transactions a[href=\"#/transaction/{final.Hash}\"]')");
        await tab.UntilAsync($"document.querySelector('#blocks a[href=\"#/block/{final.Height}\"]')");
        await tab.UntilAsync("document.querySelectorAll('#validators .good-text').length === 3");

        await tab.PhotographAsync(name);
        Assert.True(
            (await tab.ValueAsync("document.documentElement.scrollWidth <= innerWidth"))!.GetValue<bool>(),
            "it is wider than the window");
        var ground =
            (await tab.ValueAsync("getComputedStyle(document.body).backgroundColor"))!.GetValue<string>();
        Assert.Equal(isDark ? "rgb(16, 19, 24)" : "rgb(245, 246, 248)", ground);
        tab.AssertNoComplaints();
    }

    [Fact]
    public async Task A_block_a_transaction_and_a_key_are_found_by_keyboard_alone()
    {
        Assert.SkipUnless(Chromium.IsHere, "the page is looked at with chromium");
        var final = await TestClient.FinalAsync(
            Node, new TestClient(Network).Put(
                "page/<b>key</b>", "<script>document.title = 'taken'</script>"));
        await using var browser = await Chromium.StartAsync();
        var tab = await browser.OpenAsync(1280, 900);
        await tab.GoAsync(Url);
        await tab.UntilAsync("document.querySelector('#live').textContent === 'live'");

        await SearchAsync(tab, final.Hash);
        await tab.UntilAsync("document.querySelector('#detail h2')?.textContent === 'Transaction'");
        await tab.UntilAsync("document.querySelector('#detail').textContent.includes('final, applied')");
        await tab.UntilAsync("document.querySelector('#detail pre').textContent.includes('<script>')");
        await tab.UntilAsync("!document.querySelector('#detail').textContent.includes('null')");
        await tab.PhotographAsync("transaction");

        await SearchAsync(tab, "e2e/page/<b>key</b>");
        await tab.UntilAsync("document.querySelector('#detail h2')?.textContent === 'e2e/page/<b>key</b>'");
        await tab.PhotographAsync("key");

        await SearchAsync(tab, $"{final.Height}");
        await tab.UntilAsync($"document.querySelector('#detail h2')?.textContent === 'Block {final.Height}'");
        await tab.PhotographAsync("block");

        await SearchAsync(tab, Network.Admin.PublicKey.ToString());
        await tab.UntilAsync("document.querySelector('#detail h2')?.textContent === 'Account'");
        Assert.NotEqual("taken", (await tab.ValueAsync("document.title"))!.GetValue<string>());

        await tab.ValueAsync("history.back()");
        await tab.UntilAsync($"document.querySelector('#detail h2')?.textContent === 'Block {final.Height}'");
    }

    [Fact]
    public async Task What_is_not_there_is_said_to_be_not_found()
    {
        Assert.SkipUnless(Chromium.IsHere, "the page is looked at with chromium");
        await using var browser = await Chromium.StartAsync();
        var tab = await browser.OpenAsync(1280, 900);
        await tab.GoAsync(new(Node.HttpUrl, "/#/block/123456789"));

        await tab.UntilAsync("document.querySelector('#detail h2')?.textContent === 'Not found'");
    }

    [Fact]
    public async Task The_first_view_is_small_needs_nothing_from_elsewhere_and_is_quick()
    {
        Assert.SkipUnless(Chromium.IsHere, "the page is looked at with chromium");
        await using var browser = await Chromium.StartAsync();
        var tab = await browser.OpenAsync(1280, 900);
        await tab.GoAsync(Url);
        await tab.UntilAsync("document.querySelectorAll('#validators tr').length === 4");

        var bytes = (await tab.ValueAsync(
            "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
            + ".reduce((sum, entry) => sum + entry.transferSize, 0)"))!.GetValue<double>();
        Assert.InRange(bytes, 1, FirstViewBytes);
        Assert.Equal("", (await tab.ValueAsync(
            "performance.getEntriesByType('resource').map(entry => entry.name)"
            + ".filter(name => !name.startsWith(location.origin + '/')).join()"))!.GetValue<string>());
        Assert.InRange(
            (await tab.ValueAsync("performance.getEntriesByType('paint')[0].startTime"))!.GetValue<double>(),
            0, 1000);
    }

    [Fact]
    public async Task It_may_load_and_ask_nothing_but_this_node_and_is_sent_once()
    {
        using var response = await Node.SendAsync(new(HttpMethod.Get, Url));
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; script-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("text/html", response.Content.Headers.ContentType!.MediaType);

        using HttpRequestMessage again = new(HttpMethod.Get, Url);
        again.Headers.IfNoneMatch.Add(response.Headers.ETag!);
        using var unchanged = await Node.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    private static async Task SearchAsync(Tab tab, string text)
    {
        await tab.PressAsync("/", "/");
        await tab.UntilAsync("document.activeElement.id === 'query'");
        await tab.ValueAsync("document.activeElement.select()");
        await tab.TypeAsync(text);
        await tab.PressAsync("Enter", "\r");
    }
}
