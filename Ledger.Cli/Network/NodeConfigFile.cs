using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ledger.Cli.Network;

/// <summary>The <c>node.json</c> of one validator: what differs from the defaults. Paths are relative to the file.</summary>
internal static class NodeConfigFile
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Write(NetworkPlan plan, ValidatorPlan self) => JsonSerializer.Serialize(
        new
        {
            GenesisFile = NetworkFolder.GenesisName,
            KeyFile = NetworkFolder.ValidatorKeyName,
            DataDir = "data",
            Http = new { Listen = $"{self.ListenHost}:{self.HttpPort}" },
            Admin = new { Listen = $"127.0.0.1:{self.AdminPort}" },
            Peers = new
            {
                Listen = $"{self.ListenHost}:{self.PeerPort}",
                Endpoints = plan.Validators.ToDictionary(v => v.Name, v => v.PeerAddress),
            },
        },
        Json) + "\n";
}
