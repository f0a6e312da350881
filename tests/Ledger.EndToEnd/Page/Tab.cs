using System.Text.Json.Nodes;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd.Page;

/// <summary>
/// One page in the browser: where it is, what it shows, and the keys that are pressed in it.
/// </summary>
internal sealed class Tab(Chromium browser, string session)
{
    public async Task BeginAsync(int width, int height, bool isPhone, bool isDark)
    {
        await SendAsync("Page.enable", []);
        await SendAsync("Runtime.enable", []);
        await SendAsync("Log.enable", []);
        await SendAsync("Emulation.setDeviceMetricsOverride", new()
        {
            ["width"] = width,
            ["height"] = height,
            ["deviceScaleFactor"] = isPhone ? 2 : 1,
            ["mobile"] = isPhone,
        });
        await SendAsync("Emulation.setEmulatedMedia", new()
        {
            ["features"] = new JsonArray(
                new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = isDark ? "dark" : "light" }),
        });
    }

    public async Task GoAsync(Uri url)
    {
        var loaded = browser.WhenLoadedAsync(session);
        await SendAsync("Page.navigate", new() { ["url"] = url.ToString() });
        await loaded;
    }

    /// <summary>What an expression comes to; a promise is waited for.</summary>
    public async Task<JsonNode?> ValueAsync(string expression)
    {
        var result = await SendAsync("Runtime.evaluate", new()
        {
            ["expression"] = expression,
            ["awaitPromise"] = true,
            ["returnByValue"] = true,
        });
        Assert.True(result["exceptionDetails"] is null, result.ToJsonString());
        return result["result"]!["value"];
    }

    /// <summary>What the page lacks so far it may yet come to have.</summary>
    public Task UntilAsync(string condition) => Eventually.HoldsAsync(
        $"the page comes to {condition}",
        async () => (await ValueAsync(
            $"(() => {{ try {{ return !!({condition}); }} catch {{ return false; }} }})()"))!
            .GetValue<bool>());

    public async Task TypeAsync(string text)
        => await SendAsync("Input.insertText", new() { ["text"] = text });

    public async Task PressAsync(string key, string? text = null)
    {
        JsonObject down = new()
        {
            ["type"] = "keyDown",
            ["key"] = key,
            ["code"] = key,
            ["windowsVirtualKeyCode"] = CodeOf(key),
        };
        if (text is not null)
        {
            down["text"] = text;
        }

        await SendAsync("Input.dispatchKeyEvent", down);
        await SendAsync(
            "Input.dispatchKeyEvent", new() { ["type"] = "keyUp", ["key"] = key, ["code"] = key });
    }

    /// <summary>The whole page as a picture, kept for whoever wants to look.</summary>
    public async Task PhotographAsync(string name)
    {
        var shot = await SendAsync(
            "Page.captureScreenshot", new() { ["format"] = "png", ["captureBeyondViewport"] = true });
        var folder =
            Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "screenshots")).FullName;
        await File.WriteAllBytesAsync(
            Path.Combine(folder, $"{name}.png"), Convert.FromBase64String(shot["data"]!.GetValue<string>()));
    }

    /// <summary>
    /// No script failed, nothing was kept out by the policy, and nothing asked for was missing.
    /// </summary>
    public void AssertNoComplaints()
        => Assert.Empty(
            browser.Complaints.Where(complaint => complaint.Session == session).Select(
                complaint => complaint.Words));

    private Task<JsonNode> SendAsync(string method, JsonObject parameters)
        => browser.SendAsync(method, parameters, session);

    private static int CodeOf(string key) => key switch
    {
        "Enter" => 13,
        "Tab" => 9,
        "/" => 191,
        _ => 0,
    };
}
