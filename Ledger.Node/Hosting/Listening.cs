using System.Net;
using System.Net.Sockets;
using Ledger.Node.Configuration;
using Microsoft.AspNetCore.Connections;

namespace Ledger.Node.Hosting;

/// <summary>
/// Starts what listens: an address that the system does not give us is a fault of the setting that names it.
/// </summary>
internal static class Listening
{
    public static async Task StartAsync((string Path, IPEndPoint Address)[] settings, Func<Task> start)
    {
        try
        {
            await start().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException
            or IOException { InnerException: AddressInUseException })
        {
            // Only a message that speaks of one of several addresses tells which of them it is.
            var meant = Array.FindAll(
                settings, s => exception.Message.Contains(s.Address.ToString(), StringComparison.Ordinal));
            var why = exception is SocketException ? exception.Message : "Address already in use";
            throw new ConfigurationException(
            [
                .. (meant.Length > 0 ? meant : settings).Select(
                    s => $"{s.Path}: cannot listen on {s.Address} ({why}); name an address and port of "
                        + "this machine that nothing else uses"),
            ]);
        }
    }
}
