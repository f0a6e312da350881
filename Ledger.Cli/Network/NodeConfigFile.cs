using System.Text.Json;

namespace Ledger.Cli.Network;

/// <summary>The <c>node.json</c> of one validator. Paths in it are relative to the file.</summary>
internal static class NodeConfigFile
{
    private static readonly JsonSerializerOptions Json =
        new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static string Write(NetworkPlan plan, int index)
    {
        var self = plan.Validators[index];
        return JsonSerializer.Serialize(
            new
            {
                GenesisFile = NetworkFolder.GenesisName,
                KeyFile = NetworkFolder.ValidatorKeyName,
                DataDir = "data",
                Peers = new
                {
                    Listen = $"{self.ListenHost}:{self.PeerPort}",
                    Endpoints = plan.Validators.Where(v => v != self)
                        .ToDictionary(v => v.Name, v => v.PeerAddress),
                },
                Http = new { Listen = $"{self.ListenHost}:{self.HttpPort}" },
                Admin = new { Listen = $"127.0.0.1:{self.AdminPort}" },
            },
            Json);
    }
}
