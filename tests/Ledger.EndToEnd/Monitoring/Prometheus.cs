using System.Diagnostics;
using System.Text.Json;

namespace Ledger.EndToEnd.Monitoring;

/// <summary>
/// The system's Prometheus: whether it is here, its tool, and one that runs, asked through its API.
/// </summary>
internal sealed class Prometheus(Uri url) : IDisposable
{
    public const string WhyNot = "Prometheus is not installed: apt-get install prometheus";

    public const string Program = "/usr/bin/prometheus";

    private const string Tool = "/usr/bin/promtool";

    private readonly HttpClient _http = new() { BaseAddress = url };

    public static bool IsInstalled => File.Exists(Program) && File.Exists(Tool);

    public static async Task<(int Exit, string Said)> ToolAsync(
        string input, params IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(Tool, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + errors);
    }

    /// <returns>How many series answer, or the words with which the expression is refused.</returns>
    public async Task<(int Series, string? Refused)> QueryAsync(string expression)
    {
        using var response = await _http.GetAsync(
            new Uri($"api/v1/query?query={Uri.EscapeDataString(expression)}", UriKind.Relative));
        var reply = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        return reply.GetProperty("status").GetString() == "success"
            ? (reply.GetProperty("data").GetProperty("result").GetArrayLength(), null)
            : (0, reply.GetProperty("error").GetString());
    }

    /// <summary>Every rule with its expression, and whether its last evaluation went well.</summary>
    public async Task<IReadOnlyList<(string Name, bool IsAlert, string Health, string State)>> RulesAsync()
    {
        var reply = JsonDocument.Parse(await _http.GetStringAsync(new Uri("api/v1/rules", UriKind.Relative)));
        return
        [
            .. from rules in reply.RootElement.GetProperty("data").GetProperty("groups").EnumerateArray()
               from rule in rules.GetProperty("rules").EnumerateArray()
               let isAlert = rule.GetProperty("type").GetString() == "alerting"
               select (
                   rule.GetProperty("name").GetString()!, isAlert, rule.GetProperty("health").GetString()!,
                   isAlert ? rule.GetProperty("state").GetString()! : ""),
        ];
    }

    public void Dispose() => _http.Dispose();
}
