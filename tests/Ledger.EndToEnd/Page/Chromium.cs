using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Ledger.EndToEnd.Page;

/// <summary>A real browser without a screen, told what to do over its DevTools protocol.</summary>
internal sealed partial class Chromium : IAsyncDisposable
{
    private const string Program = "/usr/bin/chromium";

    /// <summary>A question to a page that goes away is never answered.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly string _profile;
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode>> _answers = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _loads = new();
    private Task _hears = Task.CompletedTask;
    private int _last;

    private Chromium(Process process, string profile) => (_process, _profile) = (process, profile);

    public static bool IsHere => File.Exists(Program);

    public static async Task<Chromium> StartAsync()
    {
        var profile = Directory.CreateTempSubdirectory("ledger-chromium-").FullName;
        ProcessStartInfo start = new(
            Program,
            [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--no-first-run",
                "--remote-debugging-port=0", $"--user-data-dir={profile}", "about:blank",
            ])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        Chromium browser = new(Process.Start(start)!, profile);
        await browser._socket.ConnectAsync(await browser.FindEndpointAsync(), browser._stop.Token);
        browser._hears = browser.HearAsync();
        return browser;
    }

    /// <summary>A tab of its own, with nothing remembered.</summary>
    public async Task<Tab> OpenAsync(int width, int height, bool isPhone = false, bool isDark = false)
    {
        var target = await SendAsync("Target.createTarget", new() { ["url"] = "about:blank" });
        var session = await SendAsync(
            "Target.attachToTarget",
            new() { ["targetId"] = target["targetId"]!.DeepClone(), ["flatten"] = true });
        Tab tab = new(this, session["sessionId"]!.GetValue<string>());
        await tab.BeginAsync(width, height, isPhone, isDark);
        return tab;
    }

    /// <summary>What a page told its console about itself, by session.</summary>
    public ConcurrentQueue<(string Session, string Words)> Complaints { get; } = new();

    /// <summary>Completes when the next page of this tab is there.</summary>
    public Task WhenLoadedAsync(string session)
    {
        TaskCompletionSource loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _loads[session] = loaded;
        return loaded.Task.WaitAsync(Harness.Eventually.Deadline);
    }

    public async Task<JsonNode> SendAsync(string method, JsonObject parameters, string? session = null)
    {
        var id = Interlocked.Increment(ref _last);
        TaskCompletionSource<JsonNode> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _answers[id] = answer;
        JsonObject message = new() { ["id"] = id, ["method"] = method, ["params"] = parameters };
        if (session is not null)
        {
            message["sessionId"] = session;
        }

        var bytes = System.Text.Encoding.UTF8.GetBytes(message.ToJsonString());
        await _socket.SendAsync(bytes, WebSocketMessageType.Text, endOfMessage: true, _stop.Token);
        return await answer.Task.WaitAsync(AnswerLimit);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _hears.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _stop.Dispose();
        Directory.Delete(_profile, recursive: true);
    }

    private async Task<Uri> FindEndpointAsync()
    {
        using CancellationTokenSource deadline = new(Harness.Eventually.Deadline);
        while (await _process.StandardError.ReadLineAsync(deadline.Token) is { } line)
        {
            if (Endpoint().Match(line) is { Success: true } match)
            {
                return new(match.Value);
            }
        }

        throw new InvalidOperationException("Chromium ended before it listened.");
    }

    private async Task HearAsync()
    {
        var buffer = new byte[1 << 16];
        using MemoryStream message = new();
        while (!_stop.IsCancellationRequested)
        {
            var part = await _socket.ReceiveAsync(buffer, _stop.Token);
            message.Write(buffer, 0, part.Count);
            if (!part.EndOfMessage)
            {
                continue;
            }

            var said = JsonNode.Parse(message.ToArray())!;
            message.SetLength(0);
            if (said["id"]?.GetValue<int>() is { } id && _answers.TryRemove(id, out var answer))
            {
                if (said["error"] is { } error)
                {
                    answer.SetException(new InvalidOperationException(error.ToJsonString()));
                }
                else
                {
                    answer.SetResult(said["result"]!);
                }
            }
            else
            {
                Note(said);
            }
        }
    }

    private void Note(JsonNode said)
    {
        var session = said["sessionId"]?.GetValue<string>() ?? "";
        switch (said["method"]?.GetValue<string>())
        {
            case "Page.loadEventFired" when _loads.TryRemove(session, out var loaded):
                loaded.SetResult();
                break;
            case "Runtime.exceptionThrown":
                Complaints.Enqueue((session, said["params"]!["exceptionDetails"]!.ToJsonString()));
                break;
            case "Log.entryAdded" when said["params"]!["entry"]!["level"]!.GetValue<string>() == "error":
                Complaints.Enqueue((session, said["params"]!["entry"]!.ToJsonString()));
                break;
            default:
                break;
        }
    }

    [GeneratedRegex(@"ws://\S+")]
    private static partial Regex Endpoint();
}
