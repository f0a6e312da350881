using System.Text.Json;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd;

/// <summary>A newcomer's first minutes: the commands that the tool itself proposes, one after the other.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ledger-e2e-devnet-").FullName;
    private readonly int _port = Ports.FreeBlock(40);

    private string Dir => Path.Combine(_folder, "devnet");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_devnet_starts_takes_a_put_serves_it_and_stops()
    {
        try
        {
            var devnet = await SucceedAsync("devnet", "--dir", Dir, "--base-port", $"{_port}", "--detach");
            var nodes = devnet.GetProperty("validators").EnumerateArray()
                .Select(v => v.GetProperty("url").GetString()!).ToList();
            Assert.Equal(4, nodes.Count);
            var key = devnet.GetProperty("key").GetString()!;

            await SucceedAsync("tx", "put", "notes", "greeting", "hello", "--key", key, "--node", nodes[0]);
            await Eventually.HoldsAsync("another validator serves it", async () =>
            {
                var (_, value, _) = await LedgerProcess.RunAsync("get", "notes", "greeting", "--node", nodes[3]);
                return value.Contains("hello", StringComparison.Ordinal);
            });
            var status = await SucceedAsync("status", "--node", nodes[1]);
            Assert.Equal("ready", status.GetProperty("status").GetProperty("state").GetString());
            await SucceedAsync("bench", "--duration", "1", "--clients", "2", "--key", key, "--node", nodes[2]);
        }
        finally
        {
            var (exitCode, _, errors) = await LedgerProcess.RunAsync("devnet", "stop", "--dir", Dir);
            Assert.True(exitCode == 0, errors);
        }
    }

    private static async Task<JsonElement> SucceedAsync(params string[] arguments)
    {
        var (exitCode, output, errors) = await LedgerProcess.RunAsync([.. arguments, "--json"]);
        Assert.True(exitCode == 0, $"{string.Join(' ', arguments)} ended with {exitCode}:\n{output}\n{errors}");
        return JsonDocument.Parse(output.Split('\n')[0]).RootElement;
    }
}
