using System.Text.Json;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd;

/// <summary>
/// A newcomer's first minutes: the commands that the tool itself proposes, one after the other.
/// </summary>
public sealed class CommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ledger-e2e-devnet-").FullName;
    private readonly int _port = Ports.FreeBlock(50);

    private string Dir => Path.Combine(_folder, "devnet");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("pbft", 4)]
    [InlineData("raft", 1)]
    [InlineData("raft", 3)]
    [InlineData("raft", 5)]
    public async Task A_devnet_starts_takes_a_put_serves_it_and_stops(string mode, int validators)
    {
        try
        {
            var devnet = await SucceedAsync(
                "devnet", "--mode", mode, "--validators", $"{validators}", "--dir", Dir, "--base-port",
                $"{_port}",
                "--detach");
            var nodes = devnet.GetProperty("validators").EnumerateArray()
                .Select(v => v.GetProperty("url").GetString()!).ToList();
            Assert.Equal(validators, nodes.Count);
            var key = devnet.GetProperty("key").GetString()!;

            await SucceedAsync("tx", "put", "notes", "greeting", "hello", "--key", key, "--node", nodes[0]);
            var read = await SucceedAsync(
                "get", "notes", "greeting", "--consistency", "linearizable", "--node", nodes[^1]);
            Assert.Equal("hello", read.GetProperty("valueText").GetString());
            var status = await SucceedAsync("status", "--node", nodes[^1]);
            Assert.Equal("ready", status.GetProperty("status").GetProperty("state").GetString());
            Assert.Equal(mode, status.GetProperty("status").GetProperty("mode").GetString());
            await SucceedAsync(
                "bench", "--duration", "1", "--clients", "2", "--key", key, "--node", nodes[^1]);
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
        Assert.True(
            exitCode == 0, $"{string.Join(' ', arguments)} ended with {exitCode}:\n{output}\n{errors}");
        return JsonDocument.Parse(output.Split('\n')[0]).RootElement;
    }
}
