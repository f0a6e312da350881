using System.Text.Json;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd;

/// <summary>What a validator writes for whoever collects its logs.</summary>
public sealed class LogTests
{
    [Fact]
    public async Task Every_line_is_one_object_with_its_values_by_name_and_none_holds_a_secret()
    {
        using var network = await TestNetwork.StartAsync(1, "log.format=json", "log.level=debug");
        var node = network.Nodes[0];
        await TestClient.FinalAsync(node, new TestClient(network).Put("logged", "not this"));
        node.Process.Terminate();
        Assert.Equal(0, await node.Process.ExitAsync());

        var lines = node.Process.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.All(lines, line =>
        {
            Assert.Equal(TimeSpan.Zero, line.GetProperty("Timestamp").GetDateTimeOffset().Offset);
            Assert.NotEmpty(line.GetProperty("LogLevel").GetString()!);
            Assert.NotEmpty(line.GetProperty("Category").GetString()!);
            Assert.NotEmpty(line.GetProperty("Message").GetString()!);
        });
        var starts = Assert.Single(lines, line => TemplateOf(line).EndsWith(
            "starts at height {Height}; genesis {Genesis}", StringComparison.Ordinal));
        Assert.Equal("Information", starts.GetProperty("LogLevel").GetString());
        Assert.Equal(node.Name, starts.GetProperty("State").GetProperty("Name").GetString());
        Assert.Contains(lines, line => TemplateOf(line) == "Stopping");

        var seed = node.Key.ExportSeed();
        Assert.All(
            (string[])[Convert.ToHexStringLower(seed), Convert.ToBase64String(seed), "not this"],
            secret => Assert.DoesNotContain(secret, node.Process.Output, StringComparison.OrdinalIgnoreCase));
    }

    private static string TemplateOf(JsonElement line)
        => line.TryGetProperty("State", out var state)
            && state.TryGetProperty("{OriginalFormat}", out var template)
            ? template.GetString()!
            : "";
}
